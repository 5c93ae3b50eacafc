"""Progress and sizes in words. Standard library only: Blender's side says the same."""


def progress_text(stage: str, seconds_left: float | None) -> str:
    """For example ``Step 12 of 25 · 8 s left``."""
    return stage if seconds_left is None else f"{stage} · {duration(seconds_left)} left"


def duration(seconds: float) -> str:
    """``8 s``, ``3 min`` or ``2 h 5 min``, rounded up."""
    whole = max(1, -int(-seconds // 1))
    if whole < 90:
        return f"{whole} s"
    minutes = -(-whole // 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def size(amount: float) -> str:
    """Bytes as ``4 KB``, ``135 MB`` or ``2.1 GB``."""
    if amount < 1e6:
        return f"{amount / 1e3:.0f} KB"
    return f"{amount / 1e6:.0f} MB" if amount < 1e9 else f"{amount / 1e9:.1f} GB"
