"""What several of the host's tests need: distributions made on the spot."""

import pytest

from llmring_server.plugins import GROUP


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Give a function that lays a distribution with a plugin on the import path: real files, as pip leaves them."""

    def lay(name, plugin, source, module=None):
        module = module or f"{name.replace('-', '_')}_module"
        folder = tmp_path / f"site-{name}"
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{plugin} = {module}\n")
        (folder / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(str(folder))
        return folder

    return lay
