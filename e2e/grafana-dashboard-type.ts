import type { Dashboard, FieldConfig, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type { Options as StatOptions } from "@grafana/grafana-foundation-sdk/stat";
import type {
	FieldConfig as TimelineFields,
	Options as TimelineOptions,
} from "@grafana/grafana-foundation-sdk/statetimeline";
import type {
	FieldConfig as SeriesFields,
	Options as SeriesOptions,
} from "@grafana/grafana-foundation-sdk/timeseries";

type IsUntyped<T> = 0 extends 1 & T ? true : false;

/** A type of Grafana's as it is written in JSON: enumerations are their values, and there are no methods. */
type Written<T> =
	IsUntyped<T> extends true
		? unknown
		: T extends string
			? `${T}`
			: T extends readonly (infer Item)[]
				? Written<Item>[]
				: T extends object
					? { [K in keyof T as K extends `_implements${string}` ? never : K]: Written<T[K]> }
					: T;

/** What every panel here must have; Grafana would do without most of it. */
type PanelOf<Type extends string, Options, Custom> = Omit<
	Panel,
	"type" | "title" | "gridPos" | "options" | "fieldConfig" | "targets"
> &
	Required<Pick<Panel, "title" | "description" | "gridPos" | "datasource">> & {
		type: Type;
		targets: Dataquery[];
		options: Options;
		fieldConfig: Omit<NonNullable<Panel["fieldConfig"]>, "defaults"> & {
			defaults: Omit<FieldConfig, "custom"> & { custom?: Custom };
		};
	};

type AnyPanel =
	| RowPanel
	| PanelOf<"stat", StatOptions, never>
	| PanelOf<"state-timeline", TimelineOptions, TimelineFields>
	| PanelOf<"timeseries", SeriesOptions, SeriesFields>;

/**
 * A dashboard as Grafana's own schema has it, with the options of each kind of panel that is used. Where that schema
 * says `any`, this says what may stand there, so that a misspelt option is an error.
 */
export type DashboardJson = Written<Omit<Dashboard, "panels"> & { panels: AnyPanel[] }>;
