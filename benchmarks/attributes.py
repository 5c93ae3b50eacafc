"""Do skies that :mod:`benchmarks.coherence` left show what their prompts say? One row per folder.

    python -m benchmarks.attributes out/coherence/* [--prompts TEXT ...] [--renders 900]

Sorted by the classifier of ``training.evaluate``, which is fitted to renders (made once, minutes) of the bundled
model's height. A prompt says what the layouts drawn for it have in common, whatever the seed. "sorted right" is the
share of all that the prompts say.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()  # before they are imported

import torch  # noqa: E402
from torch.nn.functional import adaptive_avg_pool2d  # noqa: E402

from benchmarks.coherence import PROMPTS  # noqa: E402
from engine.light.transfer import radiance_to_log  # noqa: E402
from engine.output.pictures import read_radiance  # noqa: E402
from engine.start.layout import sky_parameters  # noqa: E402
from engine.start.prompt_layout import layout_of  # noqa: E402
from training.classifier import ATTRIBUTES, SkyClassifier, labels  # noqa: E402
from training.evaluate import fitted  # noqa: E402

HEIGHT, SEEDS = 256, range(16)
Expected = list[tuple[torch.Tensor, torch.Tensor]]


def said(prompt: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The labels of *prompt* ``[1, attributes]``, and which of them it decides ``[attributes]``."""
    drawn = labels([sky_parameters(layout_of(prompt, seed)) for seed in SEEDS])
    return drawn[:1], (drawn == drawn[:1]).all(0)


def sort(folder: Path, classifier: SkyClassifier, expected: Expected) -> tuple[torch.Tensor, torch.Tensor]:
    """How many skies in *folder* are sorted right, and how many there are, by attribute; *expected* of each prompt."""
    right, all_of_them = torch.zeros(len(ATTRIBUTES)), torch.zeros(len(ATTRIBUTES))
    for number, (truth, decided) in enumerate(expected):
        for file in sorted(folder.glob(f"{number}-*.exr")):
            code = radiance_to_log(adaptive_avg_pool2d(read_radiance(file), (HEIGHT, 2 * HEIGHT)))
            right += torch.tensor(classifier.accuracy(code[None], truth)) * decided
            all_of_them += decided
    return right, all_of_them


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--prompts", nargs="+", default=PROMPTS, help="those of the skies, in their order")
    parser.add_argument("--renders", type=int, default=900, help="for fitting the classifier")
    chosen = parser.parse_args()
    expected = [said(prompt) for prompt in chosen.prompts]
    classifier = fitted(HEIGHT, chosen.renders, torch.device("cpu"))
    print(f"| | {' | '.join(ATTRIBUTES)} | sorted right |\n{'|---' * (len(ATTRIBUTES) + 2)}|")
    for folder in filter(Path.is_dir, chosen.folders):
        right, count = sort(folder, classifier, expected)
        cells = [f"{a:.0f} of {b:.0f}" for a, b in zip(right, count, strict=True)]
        print(f"| {folder.name} | {' | '.join(cells)} | {right.sum() / count.sum():.1%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
