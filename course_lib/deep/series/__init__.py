"""Deep detectors of series: they learn from windows and score every timestamp."""

from course_lib.deep.series.base import SeriesDetector
from course_lib.deep.series.forecaster import Forecaster
from course_lib.deep.series.lstm_autoencoder import LSTMAutoencoder
from course_lib.deep.series.lstm_vae import LSTMVAE
from course_lib.deep.series.residuals import ResidualDetector
from course_lib.deep.series.transformer import TransformerAutoencoder
from course_lib.deep.series.usad import USAD

__all__ = [
    "LSTMVAE",
    "USAD",
    "Forecaster",
    "LSTMAutoencoder",
    "ResidualDetector",
    "SeriesDetector",
    "TransformerAutoencoder",
]
