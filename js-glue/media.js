/**
 * @typedef {object} MediaOptions hints: a browser may do less
 * @property {number} [audioBitrate] at most, in kbit/s
 * @property {number} [videoBitrate] at most, in kbit/s
 * @property {{audio?: string[], video?: string[]}} [codecs] names such as 'VP9' or 'opus', the preferred one first;
 *   without it the browser's own order holds
 */

/**
 * @param {RTCRtpTransceiver} transceiver
 * @param {string} kind
 * @param {string[]} names
 */
function preferCodecs(transceiver, kind, names) {
  const Sender = /** @type {typeof RTCRtpSender} */ (transceiver.sender.constructor);
  const codecs = Sender.getCapabilities?.(kind)?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const rank = (/** @type {{mimeType: string}} */ { mimeType }) => {
    const name = mimeType.split('/')[1].toLowerCase();
    const at = names.findIndex((wanted) => wanted.toLowerCase() === name);
    return at < 0 ? names.length : at;
  };
  transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b))); // the sort is stable
}

/**
 * Give a new connection the tracks of a stream, one way.
 * @param {RTCPeerConnection} pc
 * @param {MediaStream} stream
 * @param {MediaOptions} options
 */
export function addTracks(pc, stream, { audioBitrate, videoBitrate, codecs }) {
  for (const track of stream.getTracks()) {
    const isAudio = track.kind === 'audio';
    const kbps = isAudio ? audioBitrate : videoBitrate;
    const transceiver = pc.addTransceiver(track, {
      direction: 'sendonly',
      streams: [stream],
      ...(kbps ? { sendEncodings: [{ maxBitrate: kbps * 1000 }] } : {}),
    });
    const names = isAudio ? codecs?.audio : codecs?.video;
    if (names) preferCodecs(transceiver, track.kind, names);
  }
}

/**
 * Put the tracks of another stream in place of those that go out, kind by kind; what has no counterpart goes silent.
 * @param {RTCPeerConnection} pc
 * @param {MediaStream} stream
 * @returns {Promise<boolean>} false: a track found no place, which only a new connection has
 */
export async function replaceTracks(pc, stream) {
  const tracks = stream.getTracks();
  for (const { sender, receiver } of pc.getTransceivers()) {
    const at = tracks.findIndex(({ kind }) => kind === receiver.track.kind);
    const [track = null] = at < 0 ? [] : tracks.splice(at, 1);
    await sender.replaceTrack(track);
  }
  return tracks.length === 0;
}
