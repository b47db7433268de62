"""Corrections: logged calls that are voided, or replaced by a corrected entry, with their sums."""
