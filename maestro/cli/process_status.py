"""What ``maestro status`` says about the process that runs, or ran last, in this folder."""

from typing import Any

from rich.console import Console
from rich.text import Text

from maestro.live.process_files import ProcessFiles


def process_json(files: ProcessFiles) -> dict[str, Any]:
    """Return ``running`` and what the process wrote about itself; ``status`` is ``killed`` where it could not."""
    state, pid = dict(files.read_state()), files.running_pid()
    running = pid is not None
    if not state:
        return {"running": running, **({"pid": pid} if running else {})}
    if running and state["pid"] != pid:  # it holds the lock, and has not written its state yet
        return {"running": True, "pid": pid, "status": "starting"}
    if not running and state["status"] == "running":
        state |= {"status": "killed", "next_tick_at": None}
    return {"running": running, **state}


def print_process(said: dict[str, Any], console: Console) -> None:
    """Print one line, and one for each thing that is wrong."""
    if "store" not in said:
        if said["running"]:
            console.print(f"process {said['pid']} starts, or restores a backup", highlight=False)
        return
    facts = ["dry run" if said["dry_run"] else "orders go out", f"store {said['store']}"]
    if said["strategies"] is not None:
        facts.append(f"asks {', '.join(said['strategies'])} alone")
    if said["next_tick_at"]:
        facts.append(f"next tick {_second(said['next_tick_at'])}")
    if said["last_tick"]:
        facts.append(f"last tick {_second(said['last_tick']['scheduled_at'])}")
    console.print(Text.assemble(f"process {said['pid']} ", (said["status"], "bold"), ", ", ", ".join(facts)))
    if error := said["last_error"]:
        text = f"  {error['job']} of {_second(error['scheduled_at'])}: {error['message']}"
        console.print(text, style="yellow", highlight=False, markup=False)
    if fault := said["settings_error"]:
        console.print(f"  settings not in use: {fault}", style="yellow", highlight=False, markup=False)


def _second(instant: str) -> str:
    return f"{instant[:19]}Z"
