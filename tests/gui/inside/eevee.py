"""Inside Blender, in the background with a display: a post under generated skies, rendered by EEVEE.

    blender --background --python eevee.py -- RESULT.json

For each sky its light and what is seen around the post: see ``shadows.around``.
"""

import json
import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "blender"))
from shadows import around, build_stick, render_floor, shadow_angle

SKIES = {"sunny": "late afternoon sun over a meadow", "overcast": "overcast sky over a meadow"}

result = Path(sys.argv[-1])
bpy.context.preferences.addons["bl_ext.user_default.skyloom"].preferences.output_folder = str(result.parent / "skies")
scene = bpy.context.scene
build_stick(scene)
scene.render.engine = "BLENDER_EEVEE_NEXT"
scene.eevee.taa_render_samples = 4
saw = {}
for name, prompt in SKIES.items():
    bpy.ops.skyloom.generate_panorama(prompt=prompt, seed=1, coherence="OFF", target="WORLD")
    seen = render_floor(scene, result.with_name(f"eevee-{name}.exr"))
    light = scene.world["skyloom_light"].to_dict()
    saw[name] = {"light": light, "around": around(seen).tolist(), "shadow": shadow_angle(seen)}
partial = result.with_suffix(".partial")
partial.write_text(json.dumps(saw), encoding="utf-8")
os.replace(partial, result)
