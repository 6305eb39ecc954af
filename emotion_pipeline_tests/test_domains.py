import pytest

from emotion_pipeline.domains import CORRUPTIONS, DEGRADED, DOMAINS, SEVERITIES, Degradation


def test_domains_are_the_two_clean_ones_and_every_corruption_at_every_severity():
    assert DOMAINS[:2] == ("original", "grayscale")
    assert DOMAINS[2:] == DEGRADED
    assert len(set(DEGRADED)) == len(DEGRADED) == len(CORRUPTIONS) * len(SEVERITIES) == 65
    assert {"gaussian_noise-1", "jpeg-5", "old_photo-3"} <= set(DEGRADED)


@pytest.mark.parametrize("key", DEGRADED)
def test_a_key_is_parsed_to_the_degradation_that_has_it(key):
    degradation = Degradation.parse(key)
    assert degradation.key == key
    assert degradation.corruption in CORRUPTIONS
    assert degradation.severity in SEVERITIES


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_degradation_is_parsed_from_its_key(corruption, severity):
    degradation = Degradation(corruption, severity)
    assert Degradation.parse(degradation.key) == degradation


@pytest.mark.parametrize(
    "key",
    [
        *("", "-", "original", "grayscale", "jpeg", "jpeg-", "-3", "jpeg-0", "jpeg-6", "jpeg-03"),
        *(
            "jpeg--3",
            "jpeg-3 ",
            " jpeg-3",
            "jpeg-3.0",
            "jpeg-\u0663",
            "JPEG-3",
            "jpeg_3",
            "sepia-3",
        ),
    ],
)
def test_any_other_key_is_refused_with_the_known_ones(key):
    with pytest.raises(ValueError, match=r"is not a degradation; known: .*old_photo-3") as refusal:
        Degradation.parse(key)
    assert repr(key) in str(refusal.value)
