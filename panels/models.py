"""The sub-panel of models: the catalogue with what is there, and downloads."""

from pathlib import Path
from typing import ClassVar

import bpy

from .. import downloads
from ..engine.models.catalogue import Entry, catalogue
from ..engine.models.kinship import stranger
from ..engine.models.store import installed, started_bytes
from ..engine.wording import size
from ..folders import absolute
from ..job_settings import chosen_model
from ..wrapped_text import draw_text


class Models:
    bl_label = "Model"
    bl_description = "Which model paints the sky: the catalogue, downloads, models on this computer"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings, entries = self.layout, context.scene.skyloom, catalogue()
        column = layout.column(align=True)
        for entry in entries.values():
            if entry.kind == "model":
                _draw_row(column, entry, settings.model == entry.name, "RADIOBUT_ON", "RADIOBUT_OFF")
        row = layout.row(align=True)
        row.prop(settings, "model", text="")
        row.operator("skyloom.open_model", text="", icon="FILEBROWSER")
        chosen = entries.get(settings.model)
        if chosen:
            _draw_details(layout, context, chosen)
        family = chosen.family if chosen else None
        loras = [entry for entry in entries.values() if entry.kind == "lora" and family in (None, entry.family)]
        row = layout.row(align=True)
        row.label(text="LoRA")
        row.operator("skyloom.open_lora", text="", icon="FILEBROWSER")
        if loras:
            column = layout.column(align=True)
            for entry in loras:
                _draw_row(column, entry, settings.lora == entry.name, "CHECKBOX_HLT", "CHECKBOX_DEHLT")
        if lora := entries.get(settings.lora):
            layout.prop(settings, "lora_scale", slider=True)
            if lora not in loras:
                draw_text(layout.column(), context, f"{lora.title} belongs to another kind of model.", "ERROR")
            elif installed(lora) and (trouble := stranger(chosen_model(settings), [lora.name])):
                draw_text(layout.column(), context, trouble, "ERROR")
            _draw_details(layout, context, lora)
        elif settings.lora:
            row = layout.row(align=True)
            row.label(text=Path(settings.lora).stem, icon="CHECKBOX_HLT")
            row.operator("skyloom.close_lora", text="", icon="X")
            layout.prop(settings, "lora_scale", slider=True)
            if trouble := stranger(chosen_model(settings), [str(absolute(settings.lora))]):
                draw_text(layout.column(), context, trouble, "ERROR")


def _draw_row(layout: bpy.types.UILayout, entry: Entry, chosen: bool, on: str, off: str) -> None:
    row = layout.row(align=True)
    split = row.split(factor=0.76, align=True)
    name = split.row(align=True)
    name.alignment = "LEFT"
    name.operator("skyloom.choose_model", text=entry.title, icon=on if chosen else off, emboss=False).name = entry.name
    state = split.row(align=True)
    state.alignment = "RIGHT"
    state.active = False
    there = entry.bundled or installed(entry)
    state.label(text="" if there else size(entry.megabytes * 1e6), icon="CHECKMARK" if there else "NONE")


def _draw_details(layout: bpy.types.UILayout, context: bpy.types.Context, entry: Entry) -> None:
    status, box = downloads.status(), layout.box()
    column = box.column(align=True)
    draw_text(column, context, entry.about, "INFO")
    if entry.memory:
        needs = f"Needs about {entry.memory} GB of memory. Trained on {entry.window} pixels."
        draw_text(column, context, needs, "BLANK1")
    if entry.words:
        draw_text(column, context, f"Added to the prompt: {entry.words}", "BLANK1")
    row = column.row(align=True)
    draw_text(row.column(), context, f"Licence: {entry.licence}", "BLANK1")
    row.operator("wm.url_open", text="", icon="URL").url = entry.licence_link
    if status.model == entry.name:
        _draw_status(box, context, status)
    if status.running and status.model == entry.name:
        return
    if installed(entry) or started_bytes(entry):
        box.operator("skyloom.remove_model", icon="TRASH").name = entry.name
    if not entry.bundled and not installed(entry):
        text = "Go On Downloading" if started_bytes(entry) else f"Download {size(entry.megabytes * 1e6)}"
        box.operator("skyloom.download_model", text=text, icon="IMPORT").name = entry.name
        if not bpy.app.online_access:
            draw_text(box.column(), context, "Blender may not go online.", "INTERNET_OFFLINE")
            box.operator(
                "screen.userpref_show", text="Allow It in the Preferences", icon="PREFERENCES"
            ).section = "SYSTEM"


def _draw_status(layout: bpy.types.UILayout, context: bpy.types.Context, status: downloads.Status) -> None:
    if status.running:
        layout.progress(factor=status.fraction, type="BAR", text=f"{status.fraction:.0%}")
        layout.label(text=status.text)
        layout.operator("skyloom.cancel_download", icon="CANCEL")
    elif status.error:
        draw_text(layout.column(), context, status.error, "ERROR")
        draw_text(layout.column(), context, status.hint, "BLANK1")
    if status.notice:
        draw_text(layout.column(), context, status.notice, "INFO")
