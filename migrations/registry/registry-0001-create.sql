-- The last good copy of the upstream registry, and every composed version. Not project data: no project_id.
-- Bodies lie once by their digest, so that any version can be composed again from the very bytes it was made of.
CREATE TABLE IF NOT EXISTS registry_contents (
    sha256 text PRIMARY KEY,
    body bytea NOT NULL
);

-- What each path of a source last gave; `archived` ones (`openai/v/7/models.json`) never change.
CREATE TABLE IF NOT EXISTS registry_files (
    source text NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL REFERENCES registry_contents (sha256),
    etag text,
    last_modified text,
    archived boolean NOT NULL,
    fetched_at timestamptz NOT NULL,
    PRIMARY KEY (source, path)
);

-- Which provider files a composed version is made of, in order.
CREATE TABLE IF NOT EXISTS registry_versions (
    version text NOT NULL,
    position integer NOT NULL,
    provider text NOT NULL,
    sha256 text NOT NULL REFERENCES registry_contents (sha256),
    composed_at timestamptz NOT NULL,
    PRIMARY KEY (version, position)
);
