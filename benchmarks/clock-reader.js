// Reads a clock as fast as it can and does nothing else: what is missing between two readings, the machine took.
// Prints how much of the time was in gaps of at least so many milliseconds, and the longest, as JSON.
// Usage: node clock-reader.js SECONDS GAP_MS

const [seconds = 0, shortestMs = 0] = process.argv.slice(2).map(Number);
const began = performance.now();
const end = began + seconds * 1000;
let [last, inGapsMs, longestMs] = [began, 0, 0];
while (last < end) {
	const now = performance.now();
	const gapMs = now - last;
	last = now;
	if (gapMs < shortestMs) continue;
	inGapsMs += gapMs;
	longestMs = Math.max(longestMs, gapMs);
}
console.log(JSON.stringify({ percent: (inGapsMs * 100) / (last - began), longestMs }));
