// Flamenco job type: a Skyloom shot list, split into tasks of a few rows each. Every task runs `python -m engine batch`.
// Put this file into the Manager's `scripts` folder; see docs/farm.md.

const JOB_TYPE = {
    label: "Skyloom Batch",
    settings: [
        { key: "shots", type: "string", subtype: "file_path", required: true,
          description: "Shot list (.toml or .csv), on storage that every Worker sees" },
        { key: "rows", type: "int32", required: true, default: 1,
          description: "How many rows the shot list has" },
        { key: "chunk_size", type: "int32", default: 10,
          description: "Rows per task: a Worker loads a model once for all of them" },
        { key: "output_folder", type: "string", subtype: "dir_path", required: true,
          description: "Where the skies, the summary and the gallery go" },
        { key: "python", type: "string", required: true, default: "{skyloom_python}",
          description: "The engine's Python on the Workers, or a Manager variable that holds it" },
        { key: "extension_folder", type: "string", required: true, default: "{skyloom}",
          description: "The folder that holds Skyloom's engine on the Workers, or a Manager variable that holds it" },
    ]
};

function compileJob(job) {
    const settings = job.settings;
    if (settings.rows < 1 || settings.chunk_size < 1) {
        throw new Error("Rows and chunk size must be at least 1.");
    }
    // The whole list once more: what is finished is skipped, what failed is tried again, and the gallery is written.
    const last = batchTask("summary and gallery", settings, []);
    for (let first = 1; first <= settings.rows; first += settings.chunk_size) {
        const rows = `${first}-${Math.min(first + settings.chunk_size - 1, settings.rows)}`;
        const task = batchTask(`rows ${rows}`, settings, ["--rows", rows]);
        job.addTask(task);
        last.addDependency(task);
    }
    job.addTask(last);
}

function batchTask(name, settings, more) {
    const task = author.Task(name, "misc");
    // Flamenco's commands set no environment, so the engine's folder is put on Python's path here.
    const start = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('engine', run_name='__main__')";
    task.addCommand(author.Command("exec", {
        exe: settings.python,
        args: ["-c", start, settings.extension_folder, "batch", settings.shots, "--out", settings.output_folder].concat(more),
    }));
    return task;
}
