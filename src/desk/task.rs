//! One payment call: its inputs from PBX, agent, store and bank; its commands to them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use crate::call::{
    AgentCommand, AttemptId, Command, Ending, FromPbx, Input, Millis, Notice, Outcome, Owed, Party,
    PaymentCall, SayId, Setup,
};
use crate::pbx::{Offer, Order, Session};
use crate::store::NewAttempt;

use super::Desk;
use super::alarms::alarm_words;
use super::event::EventBody;
use super::keyed::Wanted;
use super::payment::Plan;
use super::sentences::Sentences;

/// How long the PBX adapter may take to take an order off our hands.
const ORDER_WAIT_MS: u64 = 2_000;

/// Answers of store and bank that may wait for the call.
const ANSWER_QUEUE_LENGTH: usize = 16;

/// What store, bank and the task itself send back to the call.
pub(super) enum Answer {
    Journalled(AttemptId),
    JournalFailed(AttemptId),
    Bank(AttemptId, Outcome),
    /// What a keyed reference stands for, and the payment as it is from now on.
    Owed(Owed, Option<Box<Plan>>),
    /// An order could not be handed over: this sentence will not be heard.
    Unsaid(SayId),
}

/// The task's own view of its call.
struct Seat {
    desk: Arc<Desk>,
    plan: Arc<Plan>,
    offer: Offer,
    orders: mpsc::Sender<Order>,
    answers: mpsc::Sender<Answer>,
    /// How often the customer's language was changed.
    turn: usize,
}

impl Desk {
    /// Runs a payment call to its end.
    pub(super) async fn run(
        self: Arc<Self>,
        offer: Offer,
        plan: Plan,
        setup: Setup,
        session: Session,
        mut commands: mpsc::Receiver<AgentCommand>,
    ) {
        let payment = plan.id;
        let Session { orders, mut reports } = session;
        let (answers, mut answered) = mpsc::channel(ANSWER_QUEUE_LENGTH);
        let mut seat =
            Seat { desk: Arc::clone(&self), plan: Arc::new(plan), offer, orders, answers, turn: 0 };
        let mut call = PaymentCall::new(setup);
        if let Some(due) = seat.plan.due {
            call.offer_parts(due);
        }
        let mut out = Vec::with_capacity(16);
        let mut sentences = Sentences::default();
        let began = Instant::now();
        let mut adapter_gone = false;
        let mut drained = false;
        let mut next = Some(Input::Start);
        while !call.is_done() {
            if let Some(input) = next.take() {
                if let Input::Pbx(FromPbx::Said { id, .. }) = &input {
                    sentences.ends(&self.feed, payment, *id);
                }
                call.handle(elapsed(began), input, &mut out);
                for command in out.drain(..) {
                    if let Command::Say { id, to, phrase, .. } = &command {
                        let language = seat.plan.voice.language(*to, seat.turn);
                        sentences.begins(&self.feed, payment, (*id, *to), *phrase, language);
                    }
                    seat.carry_out(command).await;
                }
                continue;
            }
            let deadline = call.deadline().map(|at| began + Duration::from_millis(at.0));
            next = Some(tokio::select! {
                biased;
                report = reports.recv(), if !adapter_gone => report.map_or_else(
                    || {
                        adapter_gone = true;
                        Input::Pbx(FromPbx::LinkLost)
                    },
                    Input::Pbx,
                ),
                Some(answer) = answered.recv() => match answer {
                    Answer::Journalled(attempt) => Input::Journalled(attempt),
                    Answer::JournalFailed(attempt) => Input::JournalFailed(attempt),
                    Answer::Bank(attempt, outcome) => Input::Bank(attempt, outcome),
                    Answer::Owed(owed, known) => {
                        seat.plan = known.map_or_else(|| Arc::clone(&seat.plan), |known| Arc::new(*known));
                        Input::Owed(owed)
                    }
                    Answer::Unsaid(id) => Input::Pbx(FromPbx::Said { id, heard: false }),
                },
                Some(command) = commands.recv() => Input::Agent(command),
                () = self.draining.cancelled(), if !drained => {
                    drained = true;
                    Input::Drain
                }
                () = sleep_until(deadline) => Input::Tick,
            });
        }
        // What became known in the last moment is told like what becomes known later.
        answered.close();
        while let Some(answer) = answered.recv().await {
            if let Answer::Bank(attempt, outcome) = answer {
                self.tell_late(attempt, outcome).await;
            }
        }
        self.live.leave(payment);
    }
}

fn elapsed(began: Instant) -> Millis {
    Millis(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        // The core counts whole milliseconds: one more, so that the deadline has passed when it is asked.
        Some(at) => tokio::time::sleep_until(at + Duration::from_millis(1)).await,
        None => std::future::pending().await,
    }
}

impl Seat {
    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::Seal => self.order(Order::Seal).await,
            Command::Unseal => self.order(Order::Unseal).await,
            Command::Shield { up } => self.order(Order::Shield { up }).await,
            Command::Say { id, to, phrase, pace } => {
                let voice = &self.plan.voice;
                let language = voice.language(to, self.turn);
                let clips = voice.clips(&self.plan.merchant, phrase, language, pace).await;
                self.order(Order::Say { id, to, clips }).await;
            }
            Command::NextLanguage => self.turn += 1,
            Command::Hush { to } => self.order(Order::Hush { to }).await,
            Command::HandOver => self.order(Order::HandOver).await,
            Command::HangUp => self.order(Order::HangUp).await,
            Command::LookUp { reference } => self.find_out(Wanted::Reference(reference)),
            Command::Agree { amount } => self.find_out(Wanted::Part(amount)),
            Command::Journal { attempt } => self.journal(attempt),
            Command::Charge { attempt, card } => {
                self.desk.charge(attempt, card, &self.plan, &self.offer, self.answers.clone());
            }
            Command::Tell(notice) => self.tell(&notice).await,
            // Its ending was written down when it was told.
            Command::Finish(Ending::OtherMeans) => {
                let language = self.plan.voice.language(Party::Customer, self.turn);
                self.desk.link_by_key(&self.plan, &self.offer, language);
            }
            Command::Finish(_) => {}
        }
    }

    fn find_out(&self, wanted: Wanted) {
        let (call, answers) = (self.offer.customer.0.clone(), self.answers.clone());
        self.desk.find_out(&self.plan, call, wanted, answers);
    }

    async fn order(&self, order: Order) {
        let say = if let Order::Say { id, .. } = &order { Some(*id) } else { None };
        let wait = Duration::from_millis(ORDER_WAIT_MS);
        if self.orders.send_timeout(order, wait).await.is_err() {
            // The core's own deadlines deal with what is not confirmed; a sentence only has to be let go.
            tracing::warn!(payment = %self.plan.id, "the PBX adapter takes no orders");
            if let Some(id) = say {
                let _ = self.answers.try_send(Answer::Unsaid(id));
            }
        }
    }

    fn journal(&self, attempt: AttemptId) {
        let (desk, answers) = (Arc::clone(&self.desk), self.answers.clone());
        let new = NewAttempt { attempt, psp: self.plan.merchant.psp.name().to_owned() };
        self.desk.charges.spawn(async move {
            let answer = match desk.store.journal_attempt(&new).await {
                Ok(()) => Answer::Journalled(attempt),
                Err(fault) => {
                    tracing::error!(payment = %Uuid::from_u128(attempt.payment), "no charge without a journal: {fault}");
                    Answer::JournalFailed(attempt)
                }
            };
            // The call may be over; then nobody is charged.
            let _ = answers.send(answer).await;
        });
    }

    async fn tell(&self, notice: &Notice) {
        let mut body = EventBody::of(notice);
        if let (Notice::Alarm(alarm), EventBody::Alarm { what, remedy, .. }) = (notice, &mut body) {
            let (name, words, todo) = alarm_words(*alarm);
            crate::observe::alarm(name, Some(&self.plan.id.to_string()), words, todo);
            (*what, *remedy) = (Some(words.to_owned()), Some(todo.to_owned()));
        }
        if let Notice::FieldDone { masked: Some(masked), brand: Some(brand), .. } = notice {
            let shown = self.desk.store.card_seen(self.plan.id, Some(*brand), masked).await;
            if let Err(fault) = shown {
                tracing::warn!(payment = %self.plan.id, "the masked card was not written down: {fault}");
            }
        }
        // Before it is told: whoever is told and looks finds it.
        if let Notice::Ended(ending) = notice
            && let Err(fault) = self.desk.store.end_payment(self.plan.id, *ending).await
        {
            tracing::error!(payment = %self.plan.id, "the end of a payment was not written down: {fault}");
        }
        if body.for_trail() {
            let actor = self.offer.agent_extension.as_deref().unwrap_or("customer");
            self.desk.note(self.plan.id, actor, &body).await;
        }
        self.desk.feed.publish(self.plan.id, body);
    }
}

impl Desk {
    /// Writes an event into the trail.
    pub(super) async fn note(&self, payment: Uuid, actor: &str, body: &EventBody) {
        let detail = serde_json::to_string(body).unwrap_or_default();
        if let Err(fault) = self.store.trail(actor, body.name(), &payment.to_string(), &detail).await {
            tracing::error!(%payment, "the trail has a gap: {fault}");
        }
    }
}
