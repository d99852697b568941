import "uplot/dist/uPlot.min.css";
import "../theme/tokens.css";
import "../theme/base.css";
import "../theme/parts.css";
import "../theme/views.css";
import "../theme/print.css";
import { mountReport } from "./mount.tsx";

// The page's one entry: a browser runs it once, anything else that imports it gets nothing.
if (typeof document !== "undefined") mountReport(document);
