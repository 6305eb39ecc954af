"""Models are compared only where they may be, and ordered by validation only."""

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.parts.groups import banner, groups
from emotion_pipeline_tests.reports import made_up

SEVEN = {"emotions": EMOTIONS[:7], "label_space": "seven_emotions"}


def test_class_sets_labels_pictures_and_drawn_faces_stand_apart():
    models = [
        made_up.result("one", n=20),
        made_up.result("two", n=20),
        made_up.result("seven", n=20, **SEVEN),
        made_up.result("others", n=20, labels_from="fer2013"),
        made_up.result("drawn", n=20, synthetic=True),
    ]
    found = groups(models)
    assert sorted(len(group.models) for group in found) == [1, 1, 1, 2]
    assert len({group.slug for group in found}) == len({group.title for group in found}) == 4
    assert len(found[-1].first.emotions) == 7


def test_the_best_on_validation_stands_first_even_if_worse_on_test():
    good, poor = made_up.result("good", skill=4.0), made_up.result("poor", skill=1.0)
    swapped = good.predictions.copy()
    test = (swapped["split"] == "test").to_numpy()
    swapped.loc[test, "emotion"] = "contempt"
    (group,) = groups([poor, made_up.result("good", predictions=swapped)])
    assert [model.recipe for model in group.models] == ["good", "poor"]


def test_the_banner_names_the_drawn_ones():
    real, drawn = made_up.result("real", n=20), made_up.result("drawn", n=20, synthetic=True)
    assert banner([]) is None
    assert banner([real]) is None
    assert banner([drawn]) == ""
    assert banner([real, drawn]) == "drawn"
