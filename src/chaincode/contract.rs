//! The contract: its functions, and how a call finds one.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use bytes::Bytes;

use super::{
    context::TransactionContext,
    erased::ErasedStub,
    error::ChaincodeError,
    function::{Answering, ArgumentTuple, ContractFunction, NamedFunction},
    metadata::{self, ContractInfo},
    value::ReturnValue,
};
use crate::stub::{Chaincode, Invocation, Response, Stub, words};

type BeforeHook = dyn for<'a> Fn(&'a mut TransactionContext<'a>) -> Answering<'a> + Send + Sync;
type AfterHook =
    dyn for<'a> Fn(&'a mut TransactionContext<'a>, Bytes) -> Answering<'a> + Send + Sync;

/// A chaincode that is a table of functions.
///
/// A call names its function in the first argument, as `ReadAsset` or as `asset-transfer:ReadAsset`.
/// The arguments behind it are read as the function's types ask for; what does not fit is refused
/// with the name of the argument. The answer is written from the function's result.
///
/// Every contract also answers `org.hyperledger.fabric:GetMetadata`, short `GetMetadata`, with its
/// functions and the JSON schemas of their types, in the form that Fabric's contract API has.
// Fabric: fabric-contract-api-go, contractapi/contract_chaincode.go, ContractChaincode
pub struct ContractChaincode {
    info: ContractInfo,
    functions: BTreeMap<String, NamedFunction>,
    init: Option<NamedFunction>,
    before: Vec<Box<BeforeHook>>,
    after: Vec<Box<AfterHook>>,
    computing: BTreeSet<String>,
    /// What is wrong with the contract itself.
    problem: Option<String>,
}

impl ContractChaincode {
    /// A contract without functions. The name stands in its metadata, and may stand before the names of
    /// functions.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            info: ContractInfo {
                name: name.into(),
                version: version.into(),
                description: String::new(),
            },
            functions: BTreeMap::new(),
            init: None,
            before: Vec::new(),
            after: Vec::new(),
            computing: BTreeSet::new(),
            problem: None,
        }
    }

    /// What the contract is for, in its metadata.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.info.description = description.into();
        self
    }

    /// Adds a function that is to be submitted for ordering. Its parameters are named in their order; of
    /// those at the end that are an `Option` callers may give none.
    ///
    /// Two functions of one name are a mistake: every call is refused with `CONTRACT_INVALID`, so the
    /// first test sees it.
    #[must_use]
    pub fn submit<const N: usize, A, F, T, E>(
        self,
        name: impl Into<String>,
        parameters: [&'static str; N],
        function: F,
    ) -> Self
    where
        A: ArgumentTuple<N> + 'static,
        F: for<'a> ContractFunction<'a, A, Output = Result<T, E>>,
        T: ReturnValue,
        E: Into<ChaincodeError>,
    {
        self.add(NamedFunction::new(name.into(), false, parameters, function))
    }

    /// Adds a function that only answers, otherwise as [`submit`](Self::submit). Clients evaluate it and
    /// drop the transaction, so what it wrote would be lost: a call that wrote, or set an event, is
    /// refused with `EVALUATE_WROTE`.
    #[must_use]
    pub fn evaluate<const N: usize, A, F, T, E>(
        self,
        name: impl Into<String>,
        parameters: [&'static str; N],
        function: F,
    ) -> Self
    where
        A: ArgumentTuple<N> + 'static,
        F: for<'a> ContractFunction<'a, A, Output = Result<T, E>>,
        T: ReturnValue,
        E: Into<ChaincodeError>,
    {
        self.add(NamedFunction::new(name.into(), true, parameters, function))
    }

    /// What runs when the peer sends INIT (a chaincode that was approved with `--init-required`, called
    /// with `--isInit`), whatever function the call names. Without it INIT runs the function that is
    /// named, as any call.
    #[must_use]
    pub fn init<const N: usize, A, F, T, E>(
        self,
        parameters: [&'static str; N],
        function: F,
    ) -> Self
    where
        A: ArgumentTuple<N> + 'static,
        F: for<'a> ContractFunction<'a, A, Output = Result<T, E>>,
        T: ReturnValue,
        E: Into<ChaincodeError>,
    {
        let init = NamedFunction::new("init".to_owned(), false, parameters, function);
        Self {
            init: Some(init),
            ..self
        }
    }

    /// Runs before every function, in the order in which they were added; the first that refuses ends
    /// the call. Not before `GetMetadata`, and not for unknown functions.
    #[must_use]
    pub fn before<F, E>(mut self, hook: F) -> Self
    where
        F: for<'a> ContractFunction<'a, (), Output = Result<(), E>>,
        E: Into<ChaincodeError>,
    {
        self.before.push(Box::new(move |ctx| {
            let ran = hook.call(ctx, ());
            Box::pin(async move { ran.await.map(|()| Bytes::new()).map_err(Into::into) })
        }));
        self
    }

    /// Runs after every function that succeeded, with the payload of its answer, in the order in which
    /// they were added; one that refuses has the call refused.
    #[must_use]
    pub fn after<F, E>(mut self, hook: F) -> Self
    where
        F: for<'a> ContractFunction<'a, (Bytes,), Output = Result<(), E>>,
        E: Into<ChaincodeError>,
    {
        self.after.push(Box::new(move |ctx, answer| {
            let ran = hook.call(ctx, (answer,));
            Box::pin(async move { ran.await.map(|()| Bytes::new()).map_err(Into::into) })
        }));
        self
    }

    /// Says that these functions may compute for more than some milliseconds at a time: a server has
    /// workers run them, so that other calls need not wait. They are to be added before.
    #[must_use]
    pub fn computing<const N: usize>(mut self, names: [&str; N]) -> Self {
        for name in names {
            if !self.functions.contains_key(name) {
                self.problem = Some(format!("there is no function `{name}` that computes"));
            }
            self.computing.insert(name.to_owned());
        }
        self
    }

    /// The metadata document, as `GetMetadata` answers it.
    #[must_use]
    pub fn metadata(&self) -> String {
        metadata::document(&self.info, self.functions.values()).to_string()
    }

    fn add(mut self, function: NamedFunction) -> Self {
        let name = &function.name;
        if name.is_empty() {
            self.problem = Some("a function has no name".to_owned());
        } else if self.functions.contains_key(name) {
            self.problem = Some(format!("there are two functions `{name}`"));
        }
        self.functions.insert(name.clone(), function);
        self
    }

    async fn answer<'s>(
        &self,
        invocation: &'s Invocation,
        stub: &'s mut (dyn ErasedStub + 's),
    ) -> Result<Bytes, ChaincodeError> {
        if let Some(problem) = &self.problem {
            return Err(ChaincodeError::new(500, "CONTRACT_INVALID", problem));
        }
        let (name, args) = match invocation.args.split_first() {
            Some((name, args)) => (name_of(name), args),
            None => Default::default(),
        };
        let function = match &self.init {
            Some(init) if invocation.is_init => init,
            _ => match self.find(&name) {
                Resolved::Function(function) => function,
                Resolved::Metadata => return Ok(self.metadata().into()),
                Resolved::Nothing => return Err(self.unknown(&name)),
            },
        };
        let mut wrote = false;
        let mut call = RunningCall {
            invocation,
            function,
            stub,
            wrote: &mut wrote,
        };
        for hook in &self.before {
            let mut ctx = call.context();
            hook(&mut ctx).await?;
        }
        let answer = {
            let mut ctx = call.context();
            function.run(&mut ctx, args).await?
        };
        for hook in &self.after {
            let mut ctx = call.context();
            hook(&mut ctx, answer.clone()).await?;
        }
        if function.is_evaluate && wrote {
            let text = format!(
                "`{}` is there to be evaluated and wrote to the ledger, which would be lost",
                function.name
            );
            return Err(ChaincodeError::new(500, "EVALUATE_WROTE", text));
        }
        Ok(answer)
    }

    fn find(&self, name: &str) -> Resolved<'_> {
        if let Some(function) = self.functions.get(name) {
            return Resolved::Function(function);
        }
        // a contract api looks for the last colon, too
        let (contract, local) = name.rsplit_once(':').unwrap_or((&self.info.name, name));
        match self.functions.get(local) {
            Some(function) if contract == self.info.name => Resolved::Function(function),
            _ if name == metadata::FUNCTION || name == metadata::LONG_FUNCTION => {
                Resolved::Metadata
            }
            _ => Resolved::Nothing,
        }
    }

    fn unknown(&self, name: &str) -> ChaincodeError {
        if name.is_empty() {
            let text = format!(
                "the call names no function; `{}` lists them",
                metadata::LONG_FUNCTION
            );
            return ChaincodeError::bad_request("ARGUMENT_COUNT", text);
        }
        let local = name.strip_prefix(self.info.name.as_str());
        let local = local.and_then(|rest| rest.strip_prefix(':'));
        let names: Vec<&str> = self.functions.keys().map(String::as_str).collect();
        let meant = words::closest(local.unwrap_or(name), &names);
        let text = format!(
            "there is no function `{}`; {}`{}` lists them",
            words::shown(name),
            meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`? ")),
            metadata::LONG_FUNCTION
        );
        ChaincodeError::not_found("UNKNOWN_FUNCTION", text)
    }
}

/// The name that a call begins with, as far as names go.
fn name_of(given: &Bytes) -> Cow<'_, str> {
    const LONGEST: usize = 1_024;
    String::from_utf8_lossy(given.get(..LONGEST).unwrap_or(given))
}

/// What a name stands for.
enum Resolved<'a> {
    Function(&'a NamedFunction),
    Metadata,
    Nothing,
}

impl Resolved<'_> {
    fn is_computing(&self, computing: &BTreeSet<String>) -> bool {
        matches!(self, Self::Function(function) if computing.contains(&function.name))
    }
}

/// What all contexts of one call are made of.
struct RunningCall<'s> {
    invocation: &'s Invocation,
    function: &'s NamedFunction,
    stub: &'s mut (dyn ErasedStub + 's),
    wrote: &'s mut bool,
}

impl RunningCall<'_> {
    fn context(&mut self) -> TransactionContext<'_> {
        TransactionContext {
            invocation: self.invocation,
            function: &self.function.name,
            is_evaluate: self.function.is_evaluate,
            stub: &mut *self.stub,
            wrote: self.wrote,
        }
    }
}

impl Chaincode for ContractChaincode {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        match self.answer(invocation, stub).await {
            Ok(payload) => Response::success(payload),
            Err(error) => error.response(),
        }
    }

    fn computes(&self, invocation: &Invocation) -> bool {
        let name = invocation.args.first().map(name_of);
        let found = name.map(|name| self.find(&name).is_computing(&self.computing));
        found.unwrap_or_default()
    }
}

impl fmt::Debug for ContractChaincode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContractChaincode")
            .field("name", &self.info.name)
            .field("version", &self.info.version)
            .field("functions", &self.functions.keys())
            .finish_non_exhaustive()
    }
}
