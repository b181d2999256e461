/**
 * What p2p.explain() says by verdict: what is the matter, and the next step.
 * @type {Record<string, [message: string, next: string]>}
 */
export const EXPLANATIONS = {
  CONNECTED: ['connected by a direct path', 'nothing; where it is slow, see stats()'],
  CONNECTED_RELAY: [
    'connected through a TURN server',
    'allow UDP between the two for a shorter path',
  ],
  COVERED: [
    'there is no direct path; the router carries what is sent',
    'wait for a direct path, or configure a TURN server',
  ],
  SIGNALLING_DOWN: [
    'there is no session with the router',
    'check the URL, the token and the network',
  ],
  NEVER_ANNOUNCED: [
    'nobody under this id was heard of',
    'check the id, and that the peer is connected to the same router',
  ],
  REJECTED_BY_PEER: ['the peer has refused', 'ask its owner; its words are in the error'],
  REJECTED_HERE: ['a peer_connecting listener has refused', 'let it in there, or leave it'],
  PEER_GONE: ['the peer is not there any more', 'wait until it announces itself again'],
  CLOSED: ['one of the two sides has closed', 'connectToPeer() begins anew'],
  UNDECIDED: ['a peer_connecting listener has not settled', 'settle its promise'],
  BROWSER_REFUSED: [
    'the browser refused a step of the negotiation',
    'look at the error event; check rtcConfig',
  ],
  SIGNALLING_SILENT: [
    'an offer is out, and nothing came back',
    'check that the peer is awake and takes signals',
  ],
  NO_CANDIDATES: [
    'the browser found no address of its own',
    'check the network and iceTransportPolicy; relay alone needs a TURN server that answers',
  ],
  DTLS_FAILED: [
    'a path was found, the handshake on it failed',
    'look for a firewall that alters UDP, and for clocks that are wrong',
  ],
  CHANNEL_UNOPENED: [
    'a path was found, the data channel did not open',
    'try again; check that the peer supports data channels',
  ],
  UDP_BLOCKED: [
    'STUN or TURN is configured, and no address came of it',
    'check the servers and credentials; offer TURN over TCP or TLS on port 443',
  ],
  NO_RELAY: [
    'public addresses of both sides failed, and there is no TURN server',
    'configure a TURN server',
  ],
  ONLY_HOST: [
    'there are only addresses of the local network',
    'configure a STUN server, and a TURN server',
  ],
  ICE_FAILED: ['no pair of addresses worked', 'configure a TURN server that both sides reach'],
  TIMED_OUT: ['it took too long', 'try again, or with a longer timeout'],
  CONNECTING: ['under way', 'wait'],
  IDLE: ['known, and nobody asked for a connection', 'connectToPeer()'],
};
