from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from intranet.dev.folder import test_folder as folder_of_tests
from tests.intranet.deploy import plan
from tests.intranet.deploy.installation import Installation


@pytest.fixture(scope="module")
def new_installation() -> Iterator[Callable[..., Installation]]:
    """Make installations, each on servers of its own; nothing of them is left afterwards."""
    for program in ("bash", "openssl", "tar"):
        assert shutil.which(program), (
            f"The scripts of deploy/ need {program}. On Debian or Ubuntu: apt install {program}"
        )
    with ExitStack() as cleanup:

        def make(**settings: str) -> Installation:
            parent = folder_of_tests().path
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="deploy-", dir=parent))
            cleanup.callback(shutil.rmtree, folder)
            folder.chmod(0o755)
            (folder / "log").mkdir()
            installation = Installation(folder, plan.example_settings() | settings)
            cleanup.callback(installation.stop_all)
            installation.start_servers()
            return installation

        yield make
