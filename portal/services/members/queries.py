"""What the team of a case asks: each statement is put together once, not on each request."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from portal.models import HandOver, HandOverAnswer, TeamWish, TeamWishAnswer

_STANDS = (HandOverAnswer.id.is_(None)) | (
    (HandOverAnswer.answer == "accepted") & (HandOverAnswer.answered_at > bindparam("heard"))
)
LATELY = (
    select(HandOver.id)
    .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
    .where(HandOver.case_id == bindparam("case"), _STANDS)
)
"""Changes of guide that wait for an answer or came about since an instant."""
NEWEST = (
    select(HandOver, HandOverAnswer.answer)
    .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
    .where(HandOver.case_id == bindparam("case"), _STANDS)
    .order_by(HandOverAnswer.answered_at.desc().nulls_first())
    .limit(1)
)
"""The one that waits, else the last of them, with what was answered."""
TAKEABLE = select(func.unnest(func.my_takeable_offers()))
"""What the walls let this person accept."""
OPEN_WISHES = (
    select(TeamWish.id)
    .outerjoin(TeamWishAnswer, TeamWishAnswer.wish_id == TeamWish.id)
    .where(TeamWish.case_id == bindparam("case"), TeamWishAnswer.id.is_(None))
)
"""Wishes without an answer."""
WISHES = (
    select(TeamWish, TeamWishAnswer)
    .outerjoin(TeamWishAnswer, TeamWishAnswer.wish_id == TeamWish.id)
    .where(TeamWish.case_id == bindparam("case"))
    .order_by(TeamWish.made_at.desc())
)
"""Wishes with their answers, newest first."""
