/** A promise that a test settles. */
export interface Deferred {
	readonly promise: Promise<void>;
	readonly resolve: () => void;
	readonly reject: (error: unknown) => void;
}

/** Makes one; Node 20 has no `Promise.withResolvers`. */
export function deferred(): Deferred {
	let settle: Omit<Deferred, "promise"> | undefined;
	const promise = new Promise<void>((resolve, reject) => {
		settle = { resolve, reject };
	});
	return { promise, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) };
}
