"""Growing the log: queue, sequencer, witnesses' cosignatures."""
