"""What tests of the doctor ask of its findings."""


def levels(found, check=None):
    return {one.level.value for one in found if check in (None, one.check)}
