// SPDX-License-Identifier: Apache-2.0
// What one writes with the npm packages coap and mqtt, for scripts/bench: each POST is published at QoS 1 and answered at once.
//   node node_gateway.js COAP_PORT MQTT_PORT
const coap = require('coap');
const mqtt = require('mqtt');

const [coapPort, mqttPort] = process.argv.slice(2).map(Number);
const broker = mqtt.connect(`mqtt://127.0.0.1:${mqttPort}`);
const server = coap.createServer({ type: 'udp4' }, (request, response) => {
    broker.publish('bench/reading', request.payload, { qos: 1 });
    response.code = '2.04';
    response.end();
});
broker.on('connect', () => server.listen(coapPort, '127.0.0.1', () => console.log('ready')));
