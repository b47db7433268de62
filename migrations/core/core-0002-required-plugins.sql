-- Deployments of earlier versions recorded nowhere which plugins protect their data.
DO $$
BEGIN
    IF to_regclass('project_keys') IS NOT NULL THEN
        INSERT INTO deployment (name, value)
        SELECT 'required plugin keys', 'it has managed keys, and without the plugin any key opens a project, even a revoked one'
        WHERE EXISTS (SELECT FROM project_keys)
        ON CONFLICT (name) DO NOTHING;
    END IF;
    IF to_regclass('transparency_log') IS NOT NULL THEN
        INSERT INTO deployment (name, value)
        SELECT 'expected plugin transparency', 'it has a transparency log, which receipts enter only once the plugin is enabled again'
        WHERE EXISTS (SELECT FROM transparency_log)
        ON CONFLICT (name) DO NOTHING;
    END IF;
END
$$;
