-- What `llmring-server db distribute` meets of Citus: the catalogue table, the function, and what that refuses.
CREATE TABLE pg_catalog.pg_dist_partition (
    logicalrelid regclass PRIMARY KEY,
    partmethod "char" NOT NULL,
    shards integer NOT NULL,
    number serial NOT NULL
);

GRANT SELECT ON pg_catalog.pg_dist_partition TO public;

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    found record;
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
        RAISE EXCEPTION 'table % is already distributed', table_name;
    END IF;
    FOR found IN
        SELECT indexrelid::regclass AS name FROM pg_index
        WHERE indrelid = table_name AND indisunique AND NOT EXISTS (
            SELECT FROM pg_attribute
            WHERE attrelid = table_name AND attname = distribution_column AND attnum = ANY (indkey)
        )
    LOOP
        RAISE EXCEPTION 'cannot create constraint on %: % lacks the distribution column', table_name, found.name;
    END LOOP;
    FOR found IN
        SELECT confrelid::regclass AS name FROM pg_constraint
        WHERE conrelid = table_name AND contype = 'f'
            AND confrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)
    LOOP
        RAISE EXCEPTION 'cannot create foreign key constraint: % is not distributed', found.name;
    END LOOP;
    INSERT INTO pg_dist_partition (logicalrelid, partmethod, shards)
    VALUES (table_name, 'h', coalesce(current_setting('citus.shard_count', true), '32')::integer);
END
$$;
