/** How many turns of the event loop others had while this ran. */
export async function turnsWhile(work: () => Promise<unknown>): Promise<number> {
	let turns = 0;
	let isRunning = true;
	const next = () => {
		if (!isRunning) return;
		turns += 1;
		setImmediate(next);
	};
	setImmediate(next);
	await work();
	isRunning = false;
	return turns;
}
