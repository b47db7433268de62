-- What the estimated cost of a billed call substitutes, for the response when the client logs the call once more.
ALTER TABLE conversation_claims ADD COLUMN IF NOT EXISTS price_notes json;
