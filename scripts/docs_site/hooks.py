"""Hooks of MkDocs: pages from elsewhere in the repository and from the commands, and their links.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs_site.reference import commands_page, tables_page

ROOT = Path(__file__).resolve().parents[2]
# Pages of the site that are no files in docs/: where each is in the repository.
PLACED = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "local_warehouse/index.md": "local_warehouse/README.md",
    "local_warehouse/changelog.md": "local_warehouse/CHANGELOG.md",
    **{
        f"local_warehouse/{page}.md": f"local_warehouse/docs/{page}.md"
        for page in ("manual", "decisions", "verified")
    },
}
_LINK = re.compile(
    r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)"
)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are no files in docs/."""
    contents = {page: (ROOT / path).read_text("utf-8") for page, path in PLACED.items()}
    contents["reference/commands.md"] = commands_page(ROOT)
    contents["reference/tables.md"] = tables_page(ROOT)
    for page, content in contents.items():
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Lead links between files of the repository to their pages, and name the files that have none.

    In the repository the links stay such as GitHub follows.
    """
    here = page.file.src_uri
    source = PLACED.get(here, f"docs/{here}")
    pages = {path: uri for uri, path in PLACED.items()}

    def led(link: re.Match[str]) -> str:
        target = link["target"]
        if "://" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        uri = pages.get(path) or path.removeprefix("docs/")
        if files.get_file_from_path(uri) is None:
            if not (ROOT / path).exists():
                return link[0]  # which the build reports
            return link["text"] if "`" in link["text"] else f"`{path}`"
        there = posixpath.relpath(uri, posixpath.dirname(here) or ".")
        return f"[{link['text']}]({there}{link['anchor'] or ''})"

    if here.startswith("reference/"):
        return markdown
    return _LINK.sub(led, markdown)
