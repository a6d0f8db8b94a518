const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds in `3600`, `90s`, `15m`, `12h`, `30d` or `2w`; undefined for anything else, and for zero. */
export function parseDuration(text: string): number | undefined {
	const match = /^([1-9]\d{0,8})([smhdw]?)$/.exec(text);
	if (match === null) return undefined;
	const [, amount, unit] = match;
	return Number(amount) * (SECONDS[unit || "s"] ?? 1);
}
