import { P2PManager } from 'clasp-p2p';

const PEER_ID = process.env.PEER_ID || `peer-${Date.now()}`;
const CONNECT_TO = process.env.CONNECT_TO;

const p2p = new P2PManager({
  peerId: PEER_ID,
  rendezvousUrl: 'http://localhost:7330',
  iceServers: [
    { urls: 'stun:stun.l.google.com:19302' },
    { urls: 'stun:stun1.l.google.com:19302' }
  ],
  useUnreliableChannel: true
});

// Handle incoming connections
p2p.on('connection', (peer) => {
  console.log(`Peer connected: ${peer.id}`);

  peer.on('/chat/*', (value, address) => {
    console.log(`[${peer.id}] ${address}: ${value}`);
  });

  peer.on('/sensor/accel', (value) => {
    console.log(`[${peer.id}] Accel: x=${value.x}, y=${value.y}, z=${value.z}`);
  });
});

p2p.on('disconnection', (peerId) => {
  console.log(`Peer disconnected: ${peerId}`);
});

// Say goodbye: who is killed without a word is given up by the others after some 20 s
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await p2p.close();
    process.exit();
  });
}

// Register
await p2p.register({
  tags: ['demo', 'webrtc'],
  metadata: { name: `Demo Peer ${PEER_ID}` }
});

// Connect to a specific peer (if specified)
if (CONNECT_TO) {
  const peer = await p2p.connect(CONNECT_TO);

  // Reliable channel: state
  peer.set('/chat/greeting', `Hello from ${PEER_ID}!`);

  // Unreliable channel: high-rate sensor stream
  const timer = setInterval(() => {
    const t = Date.now() / 1000;
    peer.stream('/sensor/accel', {
      x: Math.sin(t),
      y: Math.cos(t),
      z: Math.sin(t * 0.5)
    });
  }, 100);

  // Until it is over: there is nobody to stream to then
  for (const end of ['closed', 'failed']) peer.on(end, () => clearInterval(timer));
}

// Discover other peers
const peers = await p2p.discover({ tags: ['demo'] });
console.log(`Found ${peers.length} peer(s)`);
