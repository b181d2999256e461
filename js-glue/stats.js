/**
 * @typedef {object} LinkStats
 * @property {'host' | 'srflx' | 'prflx' | 'relay' | 'unknown'} path the kind of the candidates in use; relay if either is
 * @property {string} protocol 'udp', 'tcp' or 'tls'; '' while unknown
 * @property {number | null} rtt milliseconds
 * @property {number | null} outgoingBitrate bit/s since the previous call for this peer; null at the first one
 * @property {number | null} incomingBitrate the same
 * @property {number | null} framesPerSecond of the video: received, for a Receiver; sent, for a Sender
 * @property {number | null} frameWidth pixels
 * @property {number | null} frameHeight pixels
 * @property {number | null} framesDropped since the start
 * @property {number | null} packetsLost of all media, since the start
 * @property {number} bytesSent since the start, all in all
 * @property {number} bytesReceived the same
 */

/** @typedef {{time_ms: number, bytesSent: number, bytesReceived: number}} Sample what the next call compares with */

/** @typedef {Record<string, any>} Report any: by type */

/**
 * The pair of candidates that is in use.
 * @param {Report[]} reports
 * @returns {Report | undefined}
 */
function selectedPair(reports) {
  const id = reports.find((it) => it.selectedCandidatePairId)?.selectedCandidatePairId;
  return id
    ? reports.find((it) => it.id === id)
    : reports.find(
        (it) =>
          it.type === 'candidate-pair' &&
          (it.selected || (it.nominated && it.state === 'succeeded')),
      );
}

/**
 * @param {number} now
 * @param {number} before bytes
 * @param {number} [span_ms]
 */
const bitrate = (now, before, span_ms) =>
  span_ms ? Math.max(0, ((now - before) * 8000) / span_ms) : null;

/**
 * The pair of candidates in use, and what went over it.
 * @param {Report[]} reports
 * @param {Sample} [last] of the previous call
 */
function pathOf(reports, last) {
  const pair = selectedPair(reports) ?? {};
  const end = (/** @type {string} */ id) => reports.find((it) => it.id === id) ?? {};
  const local = end(pair.localCandidateId);
  const types = [local.candidateType, end(pair.remoteCandidateId).candidateType];
  const sample = {
    time_ms: performance.now(),
    bytesSent: pair.bytesSent ?? 0,
    bytesReceived: pair.bytesReceived ?? 0,
  };
  const span_ms = last && sample.time_ms - last.time_ms;
  const stats = {
    path: types.includes('relay') ? 'relay' : (types[0] ?? 'unknown'),
    protocol: local.relayProtocol ?? local.protocol ?? '',
    rtt: pair.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
    outgoingBitrate: bitrate(sample.bytesSent, last?.bytesSent ?? 0, span_ms),
    incomingBitrate: bitrate(sample.bytesReceived, last?.bytesReceived ?? 0, span_ms),
    bytesSent: sample.bytesSent,
    bytesReceived: sample.bytesReceived,
  };
  return { stats, sample };
}

/** @param {RTCPeerConnection} pc */
async function reportsOf(pc) {
  /** @type {Report[]} */
  const reports = [];
  (await pc.getStats()).forEach((it) => reports.push(it));
  return reports;
}

/**
 * How the path of a connection does.
 * @param {RTCPeerConnection} pc
 * @param {Sample} [last] given by the previous call
 */
export const pathStats = async (pc, last) => pathOf(await reportsOf(pc), last);

/**
 * How a connection with media does.
 * @param {RTCPeerConnection} pc
 * @param {Sample} [last] given by the previous call
 * @returns {Promise<{stats: LinkStats, sample: Sample}>}
 */
export async function linkStats(pc, last) {
  const reports = await reportsOf(pc);
  const { stats, sample } = pathOf(reports, last);
  const rtp = (/** @type {string} */ type) => reports.filter((it) => it.type === type);
  const isVideo = (/** @type {Report} */ it) => (it.kind ?? it.mediaType) === 'video';
  const video = [...rtp('inbound-rtp'), ...rtp('outbound-rtp')].find(isVideo) ?? {};
  const losses = [...rtp('inbound-rtp'), ...rtp('remote-inbound-rtp')].map(
    (it) => it.packetsLost ?? 0,
  );
  const media = {
    framesPerSecond: video.framesPerSecond ?? null,
    frameWidth: video.frameWidth ?? null,
    frameHeight: video.frameHeight ?? null,
    framesDropped: video.framesDropped ?? null,
    packetsLost: losses.length > 0 ? losses.reduce((sum, it) => sum + it, 0) : null,
  };
  return { stats: { ...stats, ...media }, sample };
}
