// Written by scripts/generate_collector_members.py; do not edit.

/** The webrtc-stats types and members that the record keeps. */
export const MEMBERS: Readonly<Record<string, string>> = {
  "outbound-rtp":
    "timestamp ssrc kind mid rid active codecId transportId remoteId mediaSourceId packetsSent bytesSent retransmittedPacketsSent retransmittedBytesSent targetBitrate nackCount firCount pliCount framesEncoded keyFramesEncoded frameWidth frameHeight framesPerSecond qualityLimitationReason qualityLimitationDurations qualityLimitationResolutionChanges qpSum totalEncodeTime encoderImplementation",
  "inbound-rtp":
    "timestamp ssrc kind mid trackIdentifier codecId transportId packetsReceived packetsLost packetsDiscarded bytesReceived retransmittedPacketsReceived retransmittedBytesReceived fecPacketsReceived jitter jitterBufferDelay jitterBufferEmittedCount concealedSamples silentConcealedSamples concealmentEvents totalSamplesReceived audioLevel totalAudioEnergy framesDecoded framesDropped keyFramesDecoded frameWidth frameHeight framesPerSecond freezeCount totalFreezesDuration nackCount firCount pliCount qpSum totalDecodeTime decoderImplementation",
  "remote-inbound-rtp":
    "timestamp ssrc kind localId packetsLost fractionLost jitter roundTripTime totalRoundTripTime roundTripTimeMeasurements",
  "codec":
    "timestamp mimeType payloadType clockRate channels sdpFmtpLine",
  "media-source":
    "timestamp kind trackIdentifier audioLevel totalAudioEnergy totalSamplesDuration frames framesPerSecond width height",
  "media-playout":
    "timestamp kind synthesizedSamplesDuration synthesizedSamplesEvents totalSamplesDuration totalSamplesCount totalPlayoutDelay",
  "transport":
    "timestamp bytesSent bytesReceived packetsSent packetsReceived dtlsState dtlsCipher iceState iceRole selectedCandidatePairId selectedCandidatePairChanges",
  "candidate-pair":
    "timestamp transportId localCandidateId remoteCandidateId state nominated selected currentRoundTripTime totalRoundTripTime responsesReceived availableOutgoingBitrate availableIncomingBitrate bytesSent bytesReceived packetsSent packetsReceived bytesDiscardedOnSend packetsDiscardedOnSend lastPacketSentTimestamp lastPacketReceivedTimestamp",
  "local-candidate":
    "timestamp candidateType address port protocol relayProtocol url networkType relatedAddress relatedPort",
  "remote-candidate":
    "timestamp candidateType address port protocol url",
  "data-channel":
    "timestamp dataChannelIdentifier state messagesSent messagesReceived bytesSent bytesReceived",
  "peer-connection":
    "timestamp dataChannelsOpened dataChannelsClosed",
};
