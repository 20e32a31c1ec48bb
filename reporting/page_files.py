"""Pages as files."""

from pathlib import Path


def write_page(text: str, path: Path | str) -> Path:
    """Write a page to a file, the same bytes on every platform, making its folder; the file's path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    return target
