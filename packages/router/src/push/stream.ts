/** Where the messages of one stream go. */
export interface StreamSink {
	write(bytes: Uint8Array): void;
	/** Bytes that the client has not taken yet. */
	readonly backlog: number;
	/** Ends the stream in order. */
	end(): void;
	/** Ends it at once, with whatever was not taken. */
	cut(): void;
}

/** Begins a stream; the returned function is called when its client is gone. */
export type OpenStream = (sink: StreamSink) => () => void;
