import whichmin

from .evidence.check import Evidence as Evidence
from .evidence.check import Margin as Margin
from .evidence.check import Report as Report
from .evidence.runner import verify as verify
from .evidence.subject import Subject as Subject
from .provers.kernel import Proof as Proof
from .provers.kernel import Proofs as Proofs
from .provers.kernel import prove as prove

Prediction = whichmin.Prediction
predict = whichmin.predict
sharpness_table = whichmin.sharpness_table
