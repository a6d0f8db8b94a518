const ISO_8601 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Epoch milliseconds of an ISO-8601 date and time with a zone; `NaN` for anything else. */
export function timestampMs(text: string): number {
	const date = ISO_8601.exec(text)?.[1];
	if (date === undefined || !isCalendarDay(date)) return Number.NaN;
	return Date.parse(text);
}

/** `Date.parse` rolls the 30th of February over into March, so the day must survive a round trip. */
function isCalendarDay(date: string): boolean {
	const midnight = Date.parse(`${date}T00:00:00Z`);
	return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
}
