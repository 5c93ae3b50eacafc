"""All numbers of a training run. One preset per kind of machine; `smoke` is for tests."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Settings:
    """Sizes, budgets and the seed. A budget is minutes of wall clock, so that a run's length is known beforehand."""

    seed: int = 1
    threads: int = 1  # CPU threads
    height: int = 256  # pixels of a panorama; a training window is as high and as wide
    panoramas: int = 4000
    render_batch: int = 1  # on a CPU a batch of one is fastest: what a sky does not have is then not computed

    transform_channels: tuple[int, ...] = (12, 48, 96, 128)  # components kept after each halving: factor 16
    latent_channels: int = 16
    decoder_channels: int = 32
    decoder_blocks: tuple[int, ...] = (4, 4, 3, 2, 1)  # residual blocks from the latents' size to the picture's

    decoder_minutes: float = 56.0
    decoder_batch: int = 3
    decoder_rate: float = 1e-3

    vocabulary: int = 1200
    text_width: int = 128
    text_layers: int = 2
    text_minutes: float = 4.0
    text_batch: int = 128
    text_rate: float = 1e-3
    tokens: int = 40

    unet_minutes: float = 62.0
    unet_channels: tuple[int, ...] = (64, 128, 160)
    unet_heads: tuple[int, ...] = (4, 4, 5)
    unet_batch: int = 24
    unet_rate: float = 1.2e-3

    fine_panoramas: int = 800  # of twice the height
    fine_minutes: float = 65.0
    fine_widths: tuple[int, ...] = (96, 96, 80, 56, 32)
    fine_blocks: tuple[int, ...] = (2, 2, 2, 1, 1)
    fine_columns: int = 6  # latents
    fine_batch: int = 4
    fine_rate: float = 1.2e-3

    upscaler_heights: tuple[int, ...] = (1024, 2048)  # of renders
    upscaler_width: int = 2048  # of skies that the model paints
    upscaler_bands: int = 238
    upscaler_skies: int = 35
    upscaler_minutes: float = 50.0
    upscaler_channels: int = 48
    upscaler_convolutions: int = 10
    upscaler_batch: int = 8
    upscaler_rate: float = 1e-3

    tune_panoramas: int = 2200
    tune_minutes: float = 94.0
    tune_rate: float = 7e-4

    log_every: int = 50  # steps
    save_minutes: float = 5.0

    @property
    def factor(self) -> int:
        """Pixels per latent."""
        return 2 ** len(self.transform_channels)


_CPU = Settings()
PRESETS = {
    "cpu": _CPU,
    # Widths stay: the model has to be as small wherever it was trained. A GPU sees more pictures, not larger ones.
    "gpu": replace(
        _CPU,
        threads=8,
        panoramas=20000,
        render_batch=64,
        decoder_minutes=10.0,
        decoder_batch=64,
        text_minutes=2.0,
        unet_minutes=13.0,
        unet_batch=512,
        unet_rate=2e-3,
        fine_panoramas=4000,
        fine_minutes=10.0,
        fine_batch=64,
        upscaler_bands=2000,
        upscaler_skies=200,
        upscaler_minutes=10.0,
        upscaler_batch=64,
        tune_panoramas=8000,
        tune_minutes=10.0,
    ),
    "smoke": replace(
        _CPU,
        height=64,
        panoramas=24,
        transform_channels=(12, 16, 16),
        decoder_channels=8,
        decoder_blocks=(1, 1, 1, 1),
        latent_channels=4,
        decoder_minutes=0.05,
        vocabulary=600,
        text_width=32,
        text_layers=1,
        text_minutes=0.03,
        text_batch=16,
        unet_minutes=0.05,
        unet_channels=(16, 32, 32),
        unet_heads=(2, 2, 2),
        unet_batch=4,
        fine_panoramas=4,
        fine_minutes=0.03,
        fine_widths=(12, 12, 8, 8),
        fine_blocks=(1, 0, 1, 0),
        fine_columns=3,
        fine_batch=2,
        upscaler_heights=(512,),
        upscaler_width=512,
        upscaler_bands=2,
        upscaler_skies=1,
        upscaler_minutes=0.1,
        upscaler_channels=6,
        upscaler_convolutions=1,
        upscaler_batch=2,
        tune_panoramas=8,
        tune_minutes=0.05,
        log_every=2,
    ),
}
