/** The second 1,000 of the 2,000 applications: a file has its time. */
import './p2p-cycles-first.test.js';
