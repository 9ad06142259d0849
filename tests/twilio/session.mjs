// A whole payment, driven by Twilio's own Node SDK with only the base address changed.
// node session.mjs SDK-DIRECTORY BASE-ADDRESS ACCOUNT TOKEN CALL

import assert from 'node:assert/strict';
import http from 'node:http';
import { createRequire } from 'node:module';

const [sdk, base, account, token, call] = process.argv.slice(2);
const twilio = createRequire(`${sdk}/package.json`)('twilio');
const PATIENCE_MS = 60_000;

const told = [];
const waiting = new Set();
const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
        const parameters = Object.fromEntries(new URLSearchParams(body));
        const url = `http://${request.headers.host}${request.url}`;
        const signature = request.headers['x-twilio-signature'];
        parameters.valid = twilio.validateRequest(token, signature, url, parameters);
        told.push(parameters);
        response.writeHead(204).end();
        for (const look of waiting) look();
    });
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const statusCallback = `http://127.0.0.1:${server.address().port}/told?who=crm`;

// The first callback from `place` on that fits; everything that came is shown if none does.
function hear(place, what, fits) {
    return new Promise((found, failed) => {
        const look = () => {
            const at = told.findIndex((parameters, n) => n >= place && fits(parameters));
            if (at < 0) return;
            clearTimeout(patience);
            waiting.delete(look);
            found(told[at]);
        };
        const patience = setTimeout(
            () => failed(new Error(`no callback with ${what} in ${JSON.stringify(told.slice(place), null, 1)}`)),
            PATIENCE_MS,
        );
        waiting.add(look);
        look();
    });
}

const client = twilio(account, token);
client.api.baseUrl = base;
let keys = 0;
const options = (more) => ({ idempotencyKey: `key-${process.pid}-${++keys}`, statusCallback, ...more });

const first = options({
    chargeAmount: 42.5,
    currency: 'EUR',
    description: 'Invoice 7',
    input: 'dtmf',
    parameter: { order: '7' },
    paymentConnector: 'bank',
    paymentMethod: 'credit-card',
    postalCode: false,
    securityCode: true,
    timeout: 5,
    validCardTypes: 'visa mastercard',
    requireMatchingInputs: 'expiration-date',
});
const payment = await client.calls(call).payments.create(first);
assert.match(payment.sid, /^PK[0-9a-f]{32}$/);
assert.equal(payment.accountSid, account);
assert.equal(payment.callSid, call);
assert.ok(Date.now() - payment.dateCreated < 60_000);
assert.equal((await client.calls(call).payments.create(first)).sid, payment.sid, 'the same key, the same session');

const session = client.calls(call).payments(payment.sid);
async function capture(field) {
    const place = told.length;
    await session.update(options({ capture: field }));
    await hear(place, `${field} under way`, (p) => p.Capture === field && p.PartialResult === 'true');
    return hear(place, `${field} done`, (p) => p.Capture === field && p.PartialResult === 'false' && !p.ErrorType);
}

const code = await capture('security-code');
assert.equal(code.SecurityCode, 'xxx');
assert.equal(code.Required, 'payment-card-number,expiration-date,expiration-date-matcher');

let place = told.length;
await session.update(options({ status: 'complete' }));
const missing = await hear(place, 'Required', (p) => p.Required && !p.Capture);
assert.ok(missing.Required.startsWith('payment-card-number'));
assert.equal(missing.Result, undefined);

place = told.length;
const number = await capture('payment-card-number');
assert.equal(number.PaymentCardNumber, 'xxxxxxxxxxxx1111');
assert.equal(number.PaymentCardType, 'mastercard');
assert.ok(
    told.slice(place).some((p) => p.ErrorType === 'invalid-card-number'),
    'the customer mistyped the number at first',
);
assert.ok(told.slice(place).some((p) => /^x+$/.test(p.PaymentCardNumber ?? '')), 'progress is told key by key');
assert.equal((await capture('expiration-date')).ExpirationDate, 'xxxx');
await capture('expiration-date-matcher');
assert.equal((await capture('payment-card-number')).Required, undefined, 'the number once more, and all is there');

place = told.length;
await session.update(options({ status: 'complete' }));
const result = await hear(place, 'Result', (p) => p.Result);
assert.equal(result.Result, 'success');
assert.ok(result.PaymentConfirmationCode);
assert.equal(result.PaymentToken, undefined);
assert.equal(result.ChargeAmount, '42.50');

// The session is over: the SDK shows the error as it shows Twilio's.
await new Promise((over) => setTimeout(over, 12_000));
await assert.rejects(session.update(options({ capture: 'security-code' })), (fault) => {
    assert.equal(fault.status, 409);
    assert.equal(fault.code, 20409);
    return true;
});
await assert.rejects(client.calls(call).payments.create(options({ chargeAmount: -1 })), { code: 64020, status: 400 });

// A second session on the same call: the card would be stored; it is cancelled.
const second = await client.calls(call).payments.create(options({ tokenType: 'reusable', postalCode: false }));
place = told.length;
await client.calls(call).payments(second.sid).update(options({ capture: 'payment-card-number' }));
await hear(place, 'progress', (p) => p.Sid === second.sid && p.PartialResult === 'true');
await client.calls(call).payments(second.sid).update(options({ status: 'cancel' }));
const cancelled = await hear(place, 'the end', (p) => p.Sid === second.sid && p.Result);
assert.equal(cancelled.Result, 'cancelled');
assert.equal(cancelled.TokenType, 'reusable');

for (const parameters of told) {
    assert.ok(parameters.valid, `the SDK does not accept the signature of ${JSON.stringify(parameters)}`);
    assert.doesNotMatch(parameters.PaymentCardNumber ?? '', /\d{5}/);
    assert.doesNotMatch((parameters.ExpirationDate ?? '') + (parameters.SecurityCode ?? ''), /\d/);
}
console.log(`${told.length} callbacks, all signed`);
server.close();
process.exit(0);
