"""The notebooks' parameter cells, as the settings have them; run as a program, it writes them."""

from __future__ import annotations

import json

from rmbg_eval import CompareSettings, Settings
from rmbg_eval.core.paths import resource
from rmbg_eval.settings import Parameters, parameter_of

NOTEBOOKS: dict[str, type[Parameters]] = {"evaluate": Settings, "compare": CompareSettings}


def parameter_cell(settings: type[Parameters]) -> str:
    """A line a parameter: name, type, default, help."""
    lines = []
    for name, field in settings.model_fields.items():
        about = parameter_of(field)
        default = repr(field.default).replace("'", '"')
        lines.append(f"{name}: {type(field.default).__name__} = {default}  # {about.help}")
    return "\n".join(lines)


def write_cells() -> None:
    """Write them into the notebooks."""
    for name, settings in NOTEBOOKS.items():
        path = resource("notebooks", f"{name}.ipynb")
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if "parameters" in cell["metadata"].get("tags", []):
                cell["source"] = parameter_cell(settings)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write_cells()
