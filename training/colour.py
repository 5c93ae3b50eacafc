"""The autoencoder's own colour space: brightness and two colour differences of equal size.

Log-radiance codes of red, green and blue differ by a few hundredths. Trained on them as they are, a small autoencoder
paints in grey for its first hour. The space is linear, so in the end it folds into the first and last convolution.
"""

import torch
from diffusers import AutoencoderTiny
from torch import Tensor

from engine.models.fine_decoder import FineDecoder

_TO_OPPONENT = ((1 / 3, 1 / 3, 1 / 3), (4.0, -4.0, 0.0), (0.0, -4.0, 4.0))


def to_opponent(code: Tensor) -> Tensor:
    """[batch, 3, height, width] from red, green, blue to brightness, red-green, blue-green."""
    return torch.einsum("ij,bjhw->bihw", code.new_tensor(_TO_OPPONENT), code)


def to_rgb(opponent: Tensor) -> Tensor:
    """Inverse of :func:`to_opponent`."""
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(opponent.new_tensor(_TO_OPPONENT)), opponent)


@torch.no_grad()
def fold_colour(autoencoder: AutoencoderTiny) -> None:
    """Let an autoencoder of opponent colours take and give red, green and blue.

    Its first layer is given (x + 1) / 2 and gives that of its last one, so that the halves have to be moved, too.
    """
    first, last = autoencoder.encoder.layers[0], autoencoder.decoder.layers[-1]
    matrix = first.weight.new_tensor(_TO_OPPONENT)
    inverse = torch.linalg.inv(matrix)
    half = matrix.new_full((3,), 0.5)
    first.bias += torch.einsum("ojhw,j->o", first.weight, half - matrix @ half)
    first.weight.copy_(torch.einsum("ojhw,ji->oihw", first.weight, matrix))
    last.weight.copy_(torch.einsum("ij,jchw->ichw", inverse, last.weight))
    last.bias.copy_(inverse @ (last.bias - half) + half)


@torch.no_grad()
def fold_fine_colour(decoder: FineDecoder) -> None:
    """Let a decoder of opponent colours give red, green and blue."""
    base, see, last = decoder.base, decoder.see, decoder.enlarge[-1]
    matrix = base.weight.new_tensor(_TO_OPPONENT)
    inverse = torch.linalg.inv(matrix)
    base.weight.copy_(torch.einsum("ij,cjhw->cihw", inverse, base.weight))
    base.bias.copy_(inverse @ base.bias)
    # A pixel shuffle takes the four places of each colour from neighbouring channels, and puts them there.
    see.weight.copy_(torch.einsum("cjphw,ji->ciphw", see.weight.unflatten(1, (3, 4)), matrix).flatten(1, 2))
    last.weight.copy_(torch.einsum("ij,jpchw->ipchw", inverse, last.weight.unflatten(0, (3, 4))).flatten(0, 1))
    last.bias.copy_((inverse @ last.bias.unflatten(0, (3, 4))).flatten())
