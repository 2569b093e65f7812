"""Why a message was not delivered."""

from aftercall.core.errors import AftercallError


class DeliveryFailed(AftercallError):
    """The receiver could not be reached or refused the message. The sentence holds no secret."""

    code = "delivery_failed"
