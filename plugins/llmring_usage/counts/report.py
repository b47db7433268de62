"""A report: the counts of one call as its source defines them; and the disjoint counts that it amounts to."""

import msgspec

from llmring_usage.counts.usage_object import InvalidUsage
from llmring_usage.models.entries import MAX_COUNT, InputIncludes
from llmring_usage.pricing.tokens import NO_RARE_COUNTS, RareCounts, Tokens

SMALLER = "The input is smaller than the cache reads and writes that it includes. Check input_includes."
TOO_LARGE = f"Output and reasoning add up to more than {MAX_COUNT}."


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one call in the terms of its source.

    `input` contains the cache reads and writes that `includes` names; None means that the sizes decide. `cache_read`
    are all reads; `cache_write` are writes of unspecified lifetime. Audio, images and video are part of the input and
    the output, `cached_audio` and `cached_images` also of the reads. `reasoning` is part of `output` unless `beside` or
    larger than it.
    """

    input: int = 0
    output: int = 0
    includes: InputIncludes | None = None
    cache_read: int = 0
    cache_write: int = 0
    cache_write_5m: int = 0
    cache_write_30m: int = 0
    cache_write_1h: int = 0
    cache_write_12h: int = 0
    reasoning: int = 0
    beside: bool = False
    audio_input: int = 0
    cached_audio: int = 0
    image_input: int = 0
    cached_images: int = 0
    video_input: int = 0
    audio_output: int = 0
    image_output: int = 0
    video_output: int = 0
    units: dict[str, int] = {}
    service_tier: str | None = None
    processing: str | None = None
    speed: str | None = None

    @property
    def media_output(self) -> int:
        """Audio, image and video output."""
        return self.audio_output + self.image_output + self.video_output

    @property
    def has_rare(self) -> bool:
        """Whether it has any of the counts that few calls have."""
        media = self.audio_input + self.image_input + self.video_input + self.media_output
        cached = self.cached_audio + self.cached_images
        return bool(media or cached or self.cache_write_30m or self.cache_write_12h or self.units)

    @property
    def writes(self) -> int:
        """All cache writes."""
        return (
            self.cache_write + self.cache_write_5m + self.cache_write_30m + self.cache_write_1h + self.cache_write_12h
        )


def unspecified(total: int, *lifetimes: int) -> int:
    """Return the part of all cache writes whose lifetime is not specified."""
    return max(total - sum(lifetimes), 0)


def includes_by_size(given: int, read: int, written: int) -> InputIncludes:
    """Return what an input count can contain: reads and writes unless they are more, or the reads, or neither."""
    if read + written <= given:
        return "reads_and_writes"
    return "reads" if read <= given else "none"


def disjoint(report: Report) -> Tokens:
    """Return the disjoint counts of a report.

    Raises:
        InvalidUsage: there are more audio, images and video than input or output, or more reads and writes than the
            input that includes them.
    """
    read, written = report.cache_read, report.writes
    includes = report.includes or includes_by_size(report.input, read, written)
    within = {"none": 0, "reads": read, "reads_and_writes": read + written}[includes]
    if within > report.input:
        raise InvalidUsage(SMALLER)
    output = report.output + (report.reasoning if report.beside or report.reasoning > report.output else 0)
    rare, fresh = _rare_counts(report, report.input - within, output - report.reasoning)
    if output > MAX_COUNT:
        raise InvalidUsage(TOO_LARGE)
    return Tokens(
        fresh=fresh,
        cache_read=read - rare.audio_cache_read - rare.image_cache_read,
        cache_write_5m=report.cache_write_5m,
        cache_write_1h=report.cache_write_1h,
        cache_write=report.cache_write,
        output=output,
        reasoning=report.reasoning,
        rare=rare,
    )


def _rare_counts(report: Report, fresh: int, plain_output: int) -> tuple[RareCounts, int]:
    """Return the rare counts, and the fresh text that they leave."""
    if not report.has_rare:
        return NO_RARE_COUNTS, fresh
    if report.media_output > plain_output:
        raise InvalidUsage("There is more audio, image and video output than output without reasoning.")
    (audio, cached_audio), (image, cached_images), (video, _) = _split_media(report, fresh)
    rare = RareCounts(
        cache_write_30m=report.cache_write_30m,
        cache_write_12h=report.cache_write_12h,
        audio_input=audio,
        audio_cache_read=cached_audio,
        image_input=image,
        image_cache_read=cached_images,
        video_input=video,
        audio_output=report.audio_output,
        image_output=report.image_output,
        video_output=report.video_output,
        units={unit: number for unit, number in report.units.items() if number},
    )
    return rare, fresh - audio - image - video


def _split_media(report: Report, fresh: int) -> list[tuple[int, int]]:
    """Return the fresh input and the cache reads of audio, images and video.

    Media beyond the fresh input were read from the cache or written to it, even if the source does not report them so:
    audio first, video last. No source has a price of its own for reads of video, so they are left among the others.
    """
    cached = (report.cached_audio, report.cached_images, 0)
    uncached = [
        max(count - read, 0)
        for count, read in zip((report.audio_input, report.image_input, report.video_input), cached, strict=True)
    ]
    reads = report.cache_read - sum(cached)
    excess = max(sum(uncached) - fresh, 0)
    if reads < 0 or excess > reads + report.writes:
        raise InvalidUsage("There is more audio, image and video input than input.")
    found = []
    for count, read in zip(uncached, cached, strict=True):
        beyond = min(excess, count)
        also_read = min(beyond, reads)
        excess, reads = excess - beyond, reads - also_read
        found.append((count - beyond, read + also_read))
    return found
