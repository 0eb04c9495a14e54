//! Files where a config or an update is wanted: those that hold one, and what to do with others.

use super::given::{FileConfig, FileUpdate, GivenContent, GivenFile, READABLE};
use crate::{
    client::{ClientError, Exit},
    files::{FileForm, FormDetail, GroupPlace},
};

impl GivenFile {
    /// What to do with it; `None` where it holds a config or an update.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        match &self.content {
            GivenContent::Config(_) | GivenContent::Update(_) => None,
            GivenContent::Other => Some(other(
                self.recognised.form,
                &self.recognised.detail,
                self.place,
            )),
        }
    }

    /// The config in it, as it is wanted: the channel group alone says it as well.
    ///
    /// # Errors
    /// `NOT_A_CONFIG`, which says what the file is.
    pub fn into_wanted(self) -> Result<FileConfig, ClientError> {
        match self.content {
            GivenContent::Config(config) if config.is_bare_group => Ok(config),
            _ => self.into_config(),
        }
    }

    /// The config in it.
    ///
    /// # Errors
    /// `NOT_A_CONFIG`, which says what the file is.
    pub fn into_config(self) -> Result<FileConfig, ClientError> {
        let what = self.what();
        let (form, detail, place) = (self.recognised.form, self.recognised.detail, self.place);
        match self.content {
            GivenContent::Config(config) if config.is_bare_group => {
                let text = format!(
                    "`{}` is the channel group alone, where the config in force is wanted",
                    self.name
                );
                Err(ClientError::new(Exit::Usage, "NOT_A_CONFIG", text).hint(
                    "without its sequence nobody knows which config it is: give the block that `peer channel \
                     fetch config` wrote, or its `.data.data[0].payload.data.config`",
                ))
            }
            GivenContent::Config(config) => Ok(config),
            GivenContent::Update(_) => {
                let text = format!("`{}` is {what}, where a config is wanted", self.name);
                Err(
                    ClientError::new(Exit::Usage, "NOT_A_CONFIG", text).hint(format!(
                        "cmscc update inspect {} shows what is in it",
                        self.name
                    )),
                )
            }
            GivenContent::Other => {
                let text = format!("`{}` is {what}, where a config is wanted", self.name);
                Err(ClientError::new(Exit::Usage, "NOT_A_CONFIG", text)
                    .hint(other(form, &detail, place)))
            }
        }
    }

    /// The update in it.
    ///
    /// # Errors
    /// `NOT_AN_UPDATE`, which says what the file is.
    pub fn into_update(self) -> Result<FileUpdate, ClientError> {
        let what = self.what();
        let (form, detail, place) = (self.recognised.form, self.recognised.detail, self.place);
        match self.content {
            GivenContent::Update(update) => Ok(update),
            GivenContent::Config(_) => {
                let text = format!("`{}` is {what}, where a config update is wanted", self.name);
                Err(
                    ClientError::new(Exit::Usage, "NOT_AN_UPDATE", text).hint(format!(
                        "cmscc update compute ORIGINAL {} -o update.pb makes one of two configs",
                        self.name
                    )),
                )
            }
            GivenContent::Other => {
                let text = format!("`{}` is {what}, where a config update is wanted", self.name);
                Err(ClientError::new(Exit::Usage, "NOT_AN_UPDATE", text)
                    .hint(other(form, &detail, place)))
            }
        }
    }
}

/// What to do with a file that is neither.
fn other(form: FileForm, detail: &FormDetail, place: Option<GroupPlace>) -> &'static str {
    match (form, detail) {
        (FileForm::ConfigGroup, _) if place == Some(GroupPlace::Application) => {
            "it is `/Channel/Application` alone: put it back into the whole config, at \
             `.channel_group.groups.Application`"
        }
        (FileForm::ConfigGroup, _) if place == Some(GroupPlace::Orderer) => {
            "it is `/Channel/Orderer` alone: put it back into the whole config, at \
             `.channel_group.groups.Orderer`"
        }
        (FileForm::Block, _) => {
            "it carries no config: `peer channel fetch config` fetches the block that does"
        }
        (FileForm::ConfigGroup, _) => {
            "the group of an organisation goes into a config; of an edited channel group the whole config \
             is wanted: `{\"sequence\":..,\"channel_group\":..}`"
        }
        (FileForm::ConfigSignature, _) => {
            "a signature alone does not say what it signs: the envelope around it does"
        }
        (FileForm::ConfigValue | FileForm::MspConfig, _) => {
            "it is a part of a config: put it in its place, and give the whole config"
        }
        (FileForm::Payload, _) => {
            "of a decoded block the config is `.data.data[0].payload.data.config`"
        }
        (FileForm::Envelope, FormDetail::Transaction(3, _)) => {
            "it is a transaction of a chaincode, which changes no config"
        }
        (FileForm::Pem, _) => "certificates are not read here: they are inside a config",
        _ => READABLE,
    }
}
