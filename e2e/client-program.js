// What tests run in each runtime: every call once, against an agent that holds database__DB_URL. Imported, so that it
// works where there are no arguments; prints nothing itself.

/**
 * Uses a client in every way there is.
 * @param {typeof import("@clef-sh/client")} library
 * @param {import("@clef-sh/client").ClientOptions} [options]
 */
export async function useClient({ createClient, ClientError }, options) {
	const clef = createClient(options);
	const stopping = new AbortController();
	/** @type {import("@clef-sh/client").Change[]} */
	const changes = [];
	await clef.watch(
		(change) => {
			changes.push(change);
			stopping.abort();
		},
		{ signal: stopping.signal },
	);
	const unknown = await clef.get("NOPE").catch((error) => error);
	const wrong = await createClient({ ...options, token: "wrong" })
		.keys()
		.catch((error) => error);
	const nowhere = await createClient({ ...options, url: "http://127.0.0.1:9" })
		.health()
		.catch((error) => error);
	// Nothing but this wait keeps the process alive.
	const patient = await createClient({ ...options, url: "http://127.0.0.1:9", timeoutMs: 250 })
		.keys()
		.catch((error) => error);
	return {
		value: await clef.get("DB_URL", { namespace: "database" }),
		names: await clef.keys(),
		all: await clef.all(),
		state: (await clef.health()).state,
		outcome: (await clef.refresh()).outcome,
		changes,
		codes: [unknown, wrong, nowhere, patient].map((error) =>
			error instanceof ClientError ? error.code : String(error),
		),
	};
}
