"""What the verifiers of the demo city decide, and how they say it."""

import re
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from accounts.models import User
from assessments.models import Answer, DecisionKind, Review
from spbe_portal.demo.city import domain_of
from spbe_portal.demo.people import Cast
from spbe_portal.demo.rows import Rows


@dataclass
class Deciding:
    """Both verifiers at work."""

    city: dict[str, Any]
    random: Random
    cast: Cast

    def decide(
        self,
        slug: str,
        answers: list[Answer],
        rows: Rows,
        at: datetime,
        *,
        share: float,
        published: bool,
        returned: int = 0,
    ) -> User:
        reviewer = self._reviewer_of(slug)
        history = self.city["history"][slug]
        adjusted_share = history[sorted(history)[-1]]["adjusted_share"]
        decided = answers[: round(len(answers) * share)]
        can_return = [answer.pk for answer in decided if answer.self_level and answer.self_level > 1]
        back = set(self.random.sample(can_return, min(returned, len(can_return))))
        for answer in decided:
            review = Review(
                answer=answer,
                round=1,
                reviewer=reviewer,
                decided_at=at,
                is_published=published,
                decision=DecisionKind.ACCEPT,
                verified_level=answer.self_level,
            )
            if answer.pk in back:
                note = self._note("return", answer)
                review.decision, review.verified_level = DecisionKind.RETURN, None
                review.reason, review.note = note["reason"], note["text"]
            elif answer.self_level and self.random.random() < adjusted_share:
                up = self.random.random() < 0.1 and answer.self_level < 5
                level = answer.self_level + (1 if up else -1)
                if level >= 1:
                    review.decision, review.verified_level = DecisionKind.ADJUST, level
                    review.note = self._note("adjust", answer, level, "up" if up else "down")["text"]
            rows.reviews.append(review)
        return reviewer

    def _note(self, kind: str, answer: Answer, level: Any = None, direction: str = "") -> dict[str, str]:
        domain = int(domain_of(answer.indicator))
        fitting = [
            note
            for note in self.city["review_notes"][kind]
            if domain in note["domains"] and (not direction or note["direction"] == direction)
        ] or self.city["review_notes"][kind]
        note = self.random.choice(fitting)
        text = note["note"].format(indicator=answer.indicator.short_name, level=level or answer.self_level)
        # "Kebijakan {indicator}" beside an indicator called "Kebijakan ...": once is enough.
        return {"reason": note.get("reason", ""), "text": re.sub(r"\b(\w+) \1\b", r"\1", text)}

    def _reviewer_of(self, slug: str) -> User:
        """Nobody reviews an agency they belong to."""
        if slug == "diskominfo":
            return self.cast.verifier2
        if slug == "inspektorat":
            return self.cast.verifier
        return self.random.choice([self.cast.verifier, self.cast.verifier, self.cast.verifier2])
