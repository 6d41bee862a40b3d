"""The course proves itself: every run of the audit is a test here, named as the audit names it."""

import re

import pytest

from coach import course
from coach.audit import Finding, checks, pages, readme, solutions, states

LESSONS = {one.slug: one for one in course.lessons()}
# `make audit` tries all that is planted in both branches, which takes minutes more.
SHARED = [case for one in course.lessons() for case in checks.cases(one, is_shared_out=True)]
CASES = {case.name: case for case in SHARED}


def said(findings) -> str:
    return "\n".join(str(finding) for finding in findings)


def test_cases_have_names_of_their_own():
    """Two mistakes of one lesson with one name would be one test here."""
    names = [case.name for one in course.lessons() for case in checks.cases(one)]
    assert len(names) == len(set(names))


def test_what_is_shared_out_is_left_out_nowhere():
    """Each mistake and variant of both branches is tried in one of them at least."""
    every = [case.name for one in course.lessons() for case in checks.cases(one)]
    assert set(map(of_any_branch, CASES)) == set(map(of_any_branch, every))


def of_any_branch(name: str) -> str:
    return re.sub(r" \((a?sync)\):", ":", name)


@pytest.mark.parametrize("name", CASES)
def test_case(name, launcher):
    assert said(CASES[name].judge(launcher)) == ""


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
@pytest.mark.parametrize("look", [checks.counts, pages.unmarked, pages.budget])
def test_lesson_and_its_page(lesson, look):
    assert said(look(lesson)) == ""


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_listings_and_reports_of_the_page(lesson, launcher):
    assert said(pages.blocks(lesson, launcher)) == ""


@pytest.mark.parametrize(
    "look",
    [
        states.finished_site, states.stray_files, states.unchanged_overlays,
        states.diagnoses_planted, states.metadata, readme.map_in_step, pages.links,
        solutions.page_in_step,
    ],
)  # fmt: skip
def test_whole_course(look):
    assert said(look()) == ""


def test_pictures_of_the_front_page(launcher):
    assert said(readme.pictures_in_step(launcher)) == ""


def test_finding_names_its_place():
    assert str(Finding("lessons/03-routes", "is stray")) == "lessons/03-routes: is stray"
