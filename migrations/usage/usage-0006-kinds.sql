-- Sums of every kind of tokens: `extra_input_tokens` is input that `input_tokens` does not include, as Anthropic counts,
-- reads and writes are of a cache. `counted_requests` are the requests that these sums are of: those of earlier versions
-- are added by the server, from raw rows. Estimated costs are counted beside the unpriced ones. The kind is provider_model
-- (`openai:gpt-5-mini`; in the provider, ~ is ~0 and : is ~1), alias, profile or origin; rows of the kinds provider and
-- model are of earlier versions.
ALTER TABLE usage_daily
    ADD COLUMN IF NOT EXISTS extra_input_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS cache_read_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS cache_write_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS reasoning_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS estimated_requests bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS counted_requests bigint NOT NULL DEFAULT 0;
ALTER TABLE usage_quarters
    ADD COLUMN IF NOT EXISTS extra_input_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS cache_read_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS cache_write_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS reasoning_tokens numeric NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS estimated_requests bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS counted_requests bigint NOT NULL DEFAULT 0;
