"""What an artist sets (``scene.skyloom``, saved with the scene) and what a run tells (``wm.skyloom``, not saved)."""

from dataclasses import fields
from typing import Any, get_args

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import direction_properties, session
from .direction_properties import SKYLOOM_PG_direction
from .engine.job import BUNDLED_MODEL, SEED_LIMIT, Job, SolverName
from .styles import NONE, STYLES

SIZES = (
    ("0", "Model's own", "The size that the model was trained for"),
    ("512", "512 x 256 px", "A quick draft"),
    ("1024", "1024 x 512 px", "A preview, or a blurred background"),
    ("2048", "2048 x 1024 px", "Light and a soft background"),
    ("4096", "4096 x 2048 px", "A background for a wide view; takes many times as long as the model's own size"),
    ("8192", "8192 x 4096 px", "A background for any view; takes four times as long as 4096, and several gigabytes"),
)


SOLVERS = {  # name and description of each
    "ddim": ("DDIM", "Plain and dependable; what most models are used with"),
    "euler": ("Euler", "Close to DDIM; what few-step models such as SD Turbo are made for"),
    "dpm++2m": ("DPM++ 2M", "Looks back at the step before, and so needs fewer steps"),
    "unipc": ("UniPC", "Predicts and corrects, and so needs fewer steps"),
    "lcm": ("LCM", "For models and LoRAs of latent consistency, with four to eight steps"),
    "flow-euler": ("Flow Euler", "For flow models such as Stable Diffusion 3 and Flux"),
    "tcd": ("TCD", "For models and LoRAs of trajectory consistency such as Hyper-SD, with one to eight steps"),
}
AUTO = "auto"  # of a choice: the model's own


def job_default(name: str) -> Any:
    """The default of the field *name* of a :class:`Job`."""
    return next(field.default for field in fields(Job) if field.name == name)


def _style_items() -> list[tuple[str, str, str]]:
    return [
        (NONE, "None", "The prompt as it is"),
        *((key, style.name, f"Adds: {style.prompt}") for key, style in STYLES.items()),
    ]


class TargetProperties:
    """Where a sky goes."""

    target: EnumProperty(
        name="Target",
        description="What the sky is set as when it is ready",
        items=(
            ("WORLD", "World", "The sky surrounds the scene and lights it"),
            ("BACKDROP", "Backdrop", "The sky is seen on a large object around the scene and does not light it"),
        ),
        options={"SKIP_SAVE"},
    )
    backdrop_shape: EnumProperty(
        name="Shape",
        description="What the backdrop is",
        items=(
            ("DOME", "Dome", "A sphere around the scene: the sky in every direction"),
            ("CYLINDER", "Cylinder", "An open wall around the scene: the sky near the horizon"),
        ),
        options={"SKIP_SAVE"},
    )


class JobProperties(TargetProperties):
    """What the scene's settings and the generate operator share, named as in :class:`engine.job.Job`.

    SKIP_SAVE keeps an operator call from inheriting the values of the last one.
    """

    prompt: StringProperty(
        name="Prompt",
        description="What the sky should look like: light, weather, time of day, horizon",
        default="golden hour over a calm sea, scattered clouds",
        options={"SKIP_SAVE"},
    )
    negative: StringProperty(
        name="Negative Prompt",
        description="What the sky should not look like",
        options={"SKIP_SAVE"},
    )
    seed: IntProperty(
        name="Seed",
        description="The same seed with the same settings makes the same sky",
        min=0,
        max=SEED_LIMIT - 1,
        options={"SKIP_SAVE"},
    )
    steps: IntProperty(
        name="Steps",
        description="Denoising steps: more take longer and can show more detail; 0 uses the model's own number",
        min=0,
        max=1000,
        soft_max=100,
        options={"SKIP_SAVE"},
    )
    guidance: FloatProperty(
        name="Guidance",
        description="How closely the sky follows the prompt; 1 switches it off, 0 uses the model's own value",
        min=0.0,
        max=100.0,
        soft_max=20.0,
        options={"SKIP_SAVE"},
    )
    model: StringProperty(
        name="Model",
        description="A name of the catalogue, a folder in diffusers layout, or a safetensors file",
        default=BUNDLED_MODEL,
        options={"SKIP_SAVE"},
    )
    quality: EnumProperty(
        name="Quality",
        description="How much work goes into the sky",
        items=(
            ("draft", "Draft", "Fewer steps than the model's own number: quick, to try out prompts"),
            ("standard", "Standard", "As many steps as suit the model"),
            ("final", "Final", "Twice as many steps: slow, with more detail"),
        ),
        default="standard",
        options={"SKIP_SAVE"},
    )
    style: EnumProperty(
        name="Style",
        description="A look that is added to the prompt",
        items=_style_items(),
        options={"SKIP_SAVE"},
    )
    coherence: EnumProperty(
        name="Coherence",
        description="How the parts of the panorama become one sky",
        items=(
            ("OFF", "Off", "The parts are only blended: fastest, but they can look like several skies"),
            (
                "FAST",
                "Fast",
                "A few parts are drawn towards one look while the sky forms, and take the rest along",
            ),
            (
                "EXACT",
                "Exact",
                "All parts are drawn towards one look in every step; many times slower",
            ),
        ),
        default="FAST",
        options={"SKIP_SAVE"},
    )
    sync_steps: IntProperty(
        name="Synchronized Steps",
        description="With exact coherence, how many of the first steps draw the parts together; 0 is all of them",
        min=0,
        max=1000,
        soft_max=100,
        options={"SKIP_SAVE"},
    )
    sync_weight: FloatProperty(
        name="Weight",
        description="How strongly the parts are drawn together; too much breaks the picture; 0 uses what suits",
        min=0.0,
        max=1e6,
        soft_max=100.0,
        options={"SKIP_SAVE"},
    )
    sync_decay: FloatProperty(
        name="Decay",
        description="Factor on the weight from each step to the next",
        default=job_default("sync_decay"),
        min=0.0,
        max=1.0,
        options={"SKIP_SAVE"},
    )
    solver: EnumProperty(
        name="Solver",
        description="How a denoising step is taken",
        items=[
            (AUTO, "Model's own", "What suits the model"),
            *((name, *SOLVERS[name]) for name in get_args(SolverName)),
        ],
        options={"SKIP_SAVE"},
    )
    window: IntProperty(
        name="Window",
        description="Width of the overlapping parts, in latent columns; 0 makes them square",
        min=0,
        soft_max=256,
        options={"SKIP_SAVE"},
    )
    stride: IntProperty(
        name="Stride",
        description="Latent columns from one part to the next: fewer make smoother transitions and take longer; "
        "0 is about a quarter of the window",
        min=0,
        soft_max=256,
        options={"SKIP_SAVE"},
    )


class SKYLOOM_PG_settings(JobProperties, bpy.types.PropertyGroup):
    other: StringProperty(
        name="Other Settings",
        description="What else the job of a sky said whose settings are used, as JSON: what the panel has no field for",
    )
    edit_prompt: StringProperty(
        name="Edit",
        description="What shall be in the part of the sky that is made anew",
    )
    sky_only: BoolProperty(
        name="Sky Only",
        description="Lay a grey ground below the horizon into the file, so that a backdrop can stand over yours; "
        "a world has that as a live slider",
    )
    use_random_seed: BoolProperty(
        name="Random Seed",
        description="Make another sky each time; afterwards the seed shows which one it was. "
        "Locked, the same seed is used again",
        default=True,
    )
    width: EnumProperty(
        name="Size",
        description="Size of the panorama in pixels",
        items=SIZES,
    )
    preview_in_world: BoolProperty(
        name="Preview in World",
        description="While it is generated, let the scene's world show the sky so far; it gets its own back afterwards",
    )
    lora: StringProperty(
        name="LoRA",
        description="What is added to the model: a LoRA of the catalogue, with its words for prompts, or a file's path",
    )
    lora_scale: FloatProperty(
        name="Scale",
        description="How strongly the LoRA is added",
        default=1.0,
        min=-10.0,
        max=10.0,
        soft_min=0.0,
        soft_max=2.0,
    )
    direction: PointerProperty(type=SKYLOOM_PG_direction)
    history_page: IntProperty(
        name="Page",
        description="Which skies of the history are shown, from the newest on",
        default=1,
        min=1,
    )


classes = (*direction_properties.classes, SKYLOOM_PG_settings)


def register() -> None:
    for cls in classes:
        bpy.utils.register_class(cls)
    bpy.types.Scene.skyloom = PointerProperty(type=SKYLOOM_PG_settings)
    # A Python property and no RNA one: it cannot be saved, so no .blend ever opens as "running".
    bpy.types.WindowManager.skyloom = property(lambda _manager: session.status())


def unregister() -> None:
    del bpy.types.WindowManager.skyloom
    del bpy.types.Scene.skyloom
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
