"""What every chapter must be, as functions from a notebook to the list of what is wrong with it."""

import ast
import re
import sys
from pathlib import Path

from recdiv.book import notebooks

MAX_BYTES = 400_000
MAX_DEF_LINES = 15
PARAMETERS = {"PROFILE": "default", "SEED": 0}
_MACHINE_PATH = re.compile(r"(?<![\w./])/(?:home|root|Users|work|tmp|opt|usr|private|content)/[\w.-]+")
_FENCE = re.compile(r"^(`{3,}|~{3,}|:{3,}).*?^\1", flags=re.MULTILINE | re.DOTALL)
_PROSE_FENCE = re.compile(
    r"^(`{3,}|:{3,})\{(?:admonition|note|tip|exercise|solution|dropdown|important)[^\n]*\n", flags=re.MULTILINE
)
_NOT_PROSE = re.compile(
    r"\$\$.*?\$\$|\$[^$\n]+\$|\{[\w:-]+\}`[^`]*`|`[^`]*`"  # mathematics, roles, code
    r"|\]\([^)]*\)|<[^>]*>|https?://\S+"  # addresses
    r"|Python \d+\.\d+|(?:chapter|section)s? \d+\.\d+",  # names that look like numbers
    flags=re.DOTALL | re.IGNORECASE,
)
_DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?!\.?\d)")
_GLUE = re.compile(r"\{glue:text\}`([^`:]+)(?::[^`]*)?`")
_LABEL = re.compile(r"\{exercise(?:-start)?\}[^\n]*\n(?:\s*:(?!label)[^\n]*\n)*\s*:label:\s*(\S+)")
_SOLVED = re.compile(r"\{solution(?:-start)?\}\s+(\S+)")


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def metadata(notebook, root):
    """Kernel and language, tags and names: nothing else is kept, so that a diff shows what a person changed."""
    import copy

    wrong = (
        [] if notebooks.clean(copy.deepcopy(notebook), root) == notebook else ["not as `recdiv book record` writes it"]
    )
    if len({cell.id for cell in notebook.cells}) != len(notebook.cells):
        wrong.append("cell ids repeat")
    return wrong


def parameters(notebook):
    try:
        found = notebooks.parameters(notebook)
    except ValueError as error:
        return [str(error)]
    wrong = [
        f"{name} must be {value!r}, got {found.get(name)!r}"
        for name, value in PARAMETERS.items()
        if found.get(name) != value
    ]
    return wrong if isinstance(found.get("DATA"), str) else [*wrong, "DATA must be named"]


def opening(notebook):
    """A title, the question, prerequisites and the run time, in the first cell."""
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not re.match(r"# \S", first.source):
        return ["the first cell must be Markdown and begin with a title"]
    wanted = {
        "a question": r"\?",
        "prerequisites": r"(?i)prerequisite|you need|before (?:this|you)",
        "a glued run time": r"\{glue:text\}",
    }
    return [f"the first cell lacks {what}" for what, pattern in wanted.items() if not re.search(pattern, first.source)]


def outputs(notebook):
    """No error, nothing on stderr, and every code cell executed in order."""
    wrong = []
    for number, cell in enumerate(code(notebook), 1):
        if cell.execution_count != number:
            wrong.append(f"code cell {number} has execution count {cell.execution_count}")
        for output in cell.outputs:
            expected = "raises-exception" in cell.metadata.get("tags", [])
            if output.output_type == "error" and not expected:
                wrong.append(f"code cell {number} ends in {output.ename}")
            if output.get("name") == "stderr":
                wrong.append(f"code cell {number} writes to stderr: {output.text[:60]!r}")
    return wrong


def alternative_text(notebook):
    """Every figure says what it shows: inline SVG by role and label, pictures by ``mystnb.image.alt``."""
    wrong = []
    for number, cell in enumerate(code(notebook), 1):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        for output in cell.outputs:
            data = output.get("data", {})
            if any(mime.startswith("image/") for mime in data) and not alt:
                wrong.append(f"code cell {number}: a picture without alternative text")
            for tag in re.findall(r"<svg\b[^>]*>", str(data.get("text/html", ""))):
                label = re.search(r'aria-label="([^"]*)"', tag)
                if 'role="img"' not in tag or not label or len(label[1].split()) < 4:
                    wrong.append(f"code cell {number}: a figure without role and label: {tag[:60]}")
            for tag in re.findall(r"<img\b[^>]*>", str(data.get("text/html", ""))):
                if not re.search(r'alt="[^"]+"', tag):
                    wrong.append(f"code cell {number}: an image without alternative text")
    wrong += [
        f"a Markdown image without alternative text: {image}"
        for image in re.findall(r"!\[\s*\]\([^)]*\)", markdown(notebook))
    ]
    return wrong


def typed_numbers(notebook):
    """Decimals in the prose come from the run. Code, mathematics and a paragraph that cites its source are exempt."""
    prose = _PROSE_FENCE.sub("", markdown(notebook))
    prose = _FENCE.sub("", prose)
    wrong = []
    for paragraph in re.split(r"\n\s*\n", prose):
        if "{cite" in paragraph:
            continue
        wrong += [
            f"{m[0]} is typed by hand: {paragraph.strip()[:70]!r}"
            for m in _DECIMAL.finditer(_NOT_PROSE.sub(" ", paragraph))
        ]
    return wrong


def glued(notebook):
    """Every number the prose asks for was glued."""
    known = notebooks.glued(notebook)
    return [f"{name} is not glued" for name in _GLUE.findall(markdown(notebook)) if name not in known]


def exercises(notebook):
    """At least one exercise, each with a solution."""
    text = markdown(notebook)
    asked, solved = set(_LABEL.findall(text)), set(_SOLVED.findall(text))
    if not asked:
        return ["no exercise"]
    return [f"exercise {label} has no solution" for label in sorted(asked - solved)]


def long_definitions(notebook):
    """Chapters import the library; a longer definition of their own is tagged ``teaching`` and tested against it."""
    wrong = []
    for number, cell in enumerate(code(notebook), 1):
        if "teaching" in cell.metadata.get("tags", []):
            continue
        source = re.sub(r"^[%!].*$", "pass", cell.source, flags=re.MULTILINE)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.end_lineno - node.lineno >= MAX_DEF_LINES:
                wrong.append(f"code cell {number}: {node.name} is longer than {MAX_DEF_LINES} lines")
    return wrong


def addresses(text):
    """No folder of one machine."""
    folders = {str(Path.home()), sys.prefix} - {"/", "/usr"}
    return [f"machine path {m[0]}" for m in _MACHINE_PATH.finditer(text)] + [
        f"machine path {f}" for f in folders if f"{f}/" in text
    ]


def size(path):
    return [f"{path.stat().st_size:,} bytes, at most {MAX_BYTES:,}"] if path.stat().st_size > MAX_BYTES else []


def broken(path, root):
    """Everything that is wrong with the committed notebook at ``path``."""
    notebook = notebooks.read(path)
    rules = (parameters, opening, outputs, alternative_text, typed_numbers, glued, exercises, long_definitions)
    wrong = [*size(path), *metadata(notebook, root), *addresses(path.read_text(encoding="utf-8"))]
    return [*wrong, *(line for rule in rules for line in rule(notebook))]
