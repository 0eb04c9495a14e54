//! Plain `async fn`s as functions of a contract: whatever their arguments, they are kept as one type.

use std::{borrow::Cow, future::ready, pin::Pin};

use bytes::Bytes;
use schemars::{Schema, SchemaGenerator};

use super::{
    context::TransactionContext,
    error::ChaincodeError,
    value::{Argument, ArgumentForm, ReturnValue, expected, generator},
};
use crate::stub::words::shown;

/// A function that a contract can call: an `async fn` whose first argument is the transaction, with
/// up to eight more.
///
/// `async fn read(ctx: &mut TransactionContext<'_>, id: String) -> Result<Asset, ChaincodeError>`
// One lifetime for both is enough: a context is made for one call and never used after it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no function of a contract",
    note = "it is an `async fn(&mut TransactionContext<'_>, ..)` with at most 8 more arguments, whose future is `Send`"
)]
pub trait ContractFunction<'a, A>: Send + Sync + 'static {
    /// What it gives.
    type Output;
    /// What it gives, later.
    type Future: Future<Output = Self::Output> + Send + 'a;

    /// Calls it.
    fn call(&self, ctx: &'a mut TransactionContext<'a>, args: A) -> Self::Future;
}

/// The arguments of a function behind the transaction, `N` of them.
#[diagnostic::on_unimplemented(
    message = "the function's arguments `{Self}` are not the {N} that are named, or not all can be read",
    note = "every argument behind the transaction has one name; its type is `Raw`, or has `Deserialize` and `JsonSchema`"
)]
pub trait ArgumentTuple<const N: usize>: Sized {
    /// How they are written, and how their schemas are made.
    fn shapes() -> [(ArgumentForm, SchemaOf); N];

    /// The values of these arguments; `None`: not given.
    ///
    /// # Errors
    /// Which one is wrong, and why.
    fn read(shapes: &[(ArgumentForm, SchemaOf)], given: &[Bytes]) -> Result<Self, (usize, String)>;
}

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

macro_rules! functions {
    ($count:literal: $($kind:ident $value:ident $at:literal),*) => {
        impl<'a, F, Fut, $($kind),*> ContractFunction<'a, ($($kind,)*)> for F
        where
            F: Fn(&'a mut TransactionContext<'a>, $($kind),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'a,
        {
            type Output = Fut::Output;
            type Future = Fut;

            fn call(&self, ctx: &'a mut TransactionContext<'a>, args: ($($kind,)*)) -> Fut {
                let ($($value,)*) = args;
                self(ctx, $($value),*)
            }
        }

        impl<$($kind: Argument),*> ArgumentTuple<$count> for ($($kind,)*) {
            fn shapes() -> [(ArgumentForm, SchemaOf); $count] {
                [$((ArgumentForm::of::<$kind>(), $kind::schema as SchemaOf)),*]
            }

            fn read(
                shapes: &[(ArgumentForm, SchemaOf)],
                given: &[Bytes],
            ) -> Result<Self, (usize, String)> {
                let _ = (shapes, given);
                Ok(($(argument::<$kind>(shapes, given, $at)?,)*))
            }
        }
    };
}

functions!(0:);
functions!(1: A a 0);
functions!(2: A a 0, B b 1);
functions!(3: A a 0, B b 1, C c 2);
functions!(4: A a 0, B b 1, C c 2, D d 3);
functions!(5: A a 0, B b 1, C c 2, D d 3, E e 4);
functions!(6: A a 0, B b 1, C c 2, D d 3, E e 4, G g 5);
functions!(7: A a 0, B b 1, C c 2, D d 3, E e 4, G g 5, H h 6);
functions!(8: A a 0, B b 1, C c 2, D d 3, E e 4, G g 5, H h 6, I i 7);

fn argument<T: Argument>(
    shapes: &[(ArgumentForm, SchemaOf)],
    given: &[Bytes],
    at: usize,
) -> Result<T, (usize, String)> {
    let form = shapes.get(at).map(|(form, _)| *form);
    let form = form.unwrap_or(ArgumentForm::Json { nullable: false });
    // what is not given is empty; how many are has been checked
    let given = given.get(at).cloned().unwrap_or_default();
    T::read(form, &given).map_err(|error| (at, error))
}

/// What a function answers, later.
pub(super) type Answering<'a> =
    Pin<Box<dyn Future<Output = Result<Bytes, ChaincodeError>> + Send + 'a>>;

type ErasedFunction =
    dyn for<'a> Fn(&'a mut TransactionContext<'a>, &[Bytes]) -> Answering<'a> + Send + Sync;

/// A function of a contract.
pub(super) struct NamedFunction {
    pub(super) name: String,
    pub(super) is_evaluate: bool,
    pub(super) parameters: Vec<NamedParameter>,
    pub(super) returns: SchemaOf,
    run: Box<ErasedFunction>,
}

/// A parameter of a function.
pub(super) struct NamedParameter {
    pub(super) name: &'static str,
    pub(super) form: ArgumentForm,
    pub(super) schema: SchemaOf,
}

impl NamedFunction {
    pub(super) fn new<const N: usize, A, F, T, E>(
        name: String,
        is_evaluate: bool,
        parameters: [&'static str; N],
        function: F,
    ) -> Self
    where
        A: ArgumentTuple<N> + 'static,
        F: for<'a> ContractFunction<'a, A, Output = Result<T, E>>,
        T: ReturnValue,
        E: Into<ChaincodeError>,
    {
        let shapes = A::shapes();
        let named = parameters.into_iter().zip(shapes);
        let named = named.map(|(name, (form, schema))| NamedParameter { name, form, schema });
        let function_name = name.clone();
        let run: Box<ErasedFunction> = Box::new(move |ctx, given| match A::read(&shapes, given) {
            Ok(args) => {
                let answer = function.call(ctx, args);
                Box::pin(async move { answer.await.map_err(Into::into)?.write() })
            }
            Err((at, why)) => {
                let parameter = parameters.get(at).copied().unwrap_or_default();
                let schema = shapes.get(at).map(|(_, schema)| schema(&mut generator()));
                let given = given.get(at).map(|given| beginning(given));
                let text = format!(
                    "argument `{parameter}` of `{function_name}` is `{}`, expected {}: {why}",
                    shown(&given.unwrap_or_default()),
                    schema.map_or_else(String::new, |schema| expected(&schema)),
                );
                Box::pin(ready(Err(ChaincodeError::bad_request(
                    "BAD_ARGUMENT",
                    text,
                ))))
            }
        });
        Self {
            name,
            is_evaluate,
            parameters: named.collect(),
            returns: T::schema,
            run,
        }
    }

    /// Runs the function with these arguments, which are read first.
    pub(super) fn run<'a>(
        &self,
        ctx: &'a mut TransactionContext<'a>,
        given: &[Bytes],
    ) -> Answering<'a> {
        if let Err(error) = self.check_count(given.len()) {
            return Box::pin(ready(Err(error)));
        }
        (self.run)(ctx, given)
    }

    /// How many arguments have to be given: those behind are `Option`s.
    pub(super) fn required(&self) -> usize {
        let mut last = self.parameters.iter().rev();
        let optional = last.position(|parameter| !parameter.form.is_nullable());
        let optional = optional.unwrap_or(self.parameters.len());
        self.parameters.len().saturating_sub(optional)
    }

    fn check_count(&self, given: usize) -> Result<(), ChaincodeError> {
        let (least, most) = (self.required(), self.parameters.len());
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let names = self.parameters.iter().map(|parameter| parameter.name);
        let names: Vec<_> = names.collect();
        let text = format!(
            "`{}` takes {} ({}), {given} came",
            self.name,
            match least == most {
                true => format!("{most} arguments"),
                false => format!("{least} to {most} arguments"),
            },
            names.join(", ")
        );
        Err(ChaincodeError::bad_request("ARGUMENT_COUNT", text))
    }
}

/// As much of an argument as could be shown.
fn beginning(given: &[u8]) -> Cow<'_, str> {
    const LONGEST: usize = 1_024;
    String::from_utf8_lossy(given.get(..LONGEST).unwrap_or(given))
}
