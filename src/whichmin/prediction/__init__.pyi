from .full_batch import FullBatch as FullBatch
from .full_batch import follow_full_batch as follow_full_batch
from .guarantee import Guarantee as Guarantee
from .hypotheses import Hypothesis as Hypothesis
from .prediction import Prediction as Prediction
from .prediction import predict as predict
from .table import prediction_tables as prediction_tables
