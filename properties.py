"""What an artist sets (``scene.skyloom``, saved with the scene) and what a run tells (``wm.skyloom``, not saved)."""

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import session
from .engine.job import BUNDLED_MODEL, SEED_LIMIT

SIZES = (
    ("0", "Model's own", "The size that the model was trained for"),
    ("512", "512 x 256 px", "A quick draft"),
    ("1024", "1024 x 512 px", "A preview, or a blurred background"),
    ("2048", "2048 x 1024 px", "Light and a soft background"),
    ("4096", "4096 x 2048 px", "A sharp background; needs much memory and time"),
)


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
        name="Negative prompt",
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
        description=f"{BUNDLED_MODEL}, which comes with Skyloom, or a Stable Diffusion folder in diffusers layout",
        subtype="DIR_PATH",
        default=BUNDLED_MODEL,
        options={"SKIP_SAVE"},
    )
    sampler: EnumProperty(
        name="Coherence",
        description="How the parts of the panorama become one sky",
        items=(
            ("sync", "Synchronized", "The parts are drawn towards one look while they form; slower"),
            ("multidiffusion", "Averaged", "The parts are only blended; faster, but they can look like several skies"),
        ),
        options={"SKIP_SAVE"},
    )
    sync_steps: IntProperty(
        name="Synchronized Steps",
        description="How many of the first steps are synchronized; 0 uses the model's own number",
        min=0,
        max=1000,
        soft_max=100,
        options={"SKIP_SAVE"},
    )


class SKYLOOM_PG_settings(JobProperties, bpy.types.PropertyGroup):
    use_random_seed: BoolProperty(
        name="Random Seed",
        description="Make another sky each time; afterwards the seed shows which one it was",
        default=True,
    )
    width: EnumProperty(
        name="Size",
        description="Size of the panorama in pixels",
        items=SIZES,
    )


classes = (SKYLOOM_PG_settings,)


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
